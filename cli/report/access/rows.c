/* SPDX-License-Identifier: MIT */
#include "internal.h"

#define A407_PAIR(id, member, kind, sql) sql ","
static const char pairs[] =
    "SELECT "
#include "columns.def"
    "record.id FROM record LEFT JOIN leg ON leg.id = record.id * 32 "
    "WHERE ?1 IS NULL OR (leg.line NOTNULL) = ?1 "
    "ORDER BY record.unresolved DESC, record.time_us, record.id LIMIT ?2";

#define A407_LEG(id, member, kind, sql) sql ","
static const char legs[] =
    "SELECT "
#include "columns.def"
    "leg.id FROM leg JOIN record ON record.id = leg.id / 32 "
    "LEFT JOIN line ON line.id = leg.line "
    "WHERE leg.id BETWEEN ?1 * 32 AND ?1 * 32 + 30 ORDER BY leg.id";

#define A407_CLIENT(id, member, kind, sql) sql ","
static const char clients[] = "SELECT "
#include "columns.def"
                              "id FROM client ORDER BY id LIMIT ?2";

static const char targets[] =
    "SELECT target FROM client JOIN stranger USING (client, user) "
    "WHERE client.id = ?1 ORDER BY n DESC, target LIMIT 3";

void a407_access_rows_start(struct a407_access_rows *r,
                            struct a407_report_access *a,
                            enum a407_access_which which, size_t most)
{
    bool of_clients = which == A407_CLIENTS;

    r->a = a;
    r->id = of_clients ? A407_CLIENT_COLUMNS : A407_PAIR_COLUMNS;
    r->row = a407_access_prepare(a, of_clients ? clients : pairs);
    r->part = a407_access_prepare(a, of_clients ? targets : legs);
    if (which == A407_PAIRS_FOUND || which == A407_PAIRS_MISSING)
        sqlite3_bind_int(r->row, 1, which == A407_PAIRS_FOUND);
    sqlite3_bind_int64(r->row, 2, most ? (int64_t)most : -1);
}

bool a407_access_rows_next(struct a407_access_rows *r)
{
    sqlite3_reset(r->part);
    if (!a407_access_step(r->a, r->row))
        return false;
    sqlite3_bind_int64(r->part, 1, sqlite3_column_int64(r->row, r->id));
    return true;
}

bool a407_access_rows_part(struct a407_access_rows *r)
{
    return a407_access_step(r->a, r->part);
}

void a407_access_rows_end(struct a407_access_rows *r)
{
    sqlite3_finalize(r->row);
    sqlite3_finalize(r->part);
}
