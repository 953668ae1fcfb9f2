-- The records of auth407 in PostgreSQL (12 or later). As a superuser:
--     createdb auth407
--     psql --dbname auth407 --file rsyslog-postgresql.sql
--     psql --dbname auth407 --command '\password auth407_writer'

BEGIN;

-- Whole records; what one filters by is a column that PostgreSQL fills in.
CREATE TABLE auth407_records (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host       text NOT NULL,
    received   timestamptz NOT NULL,
    record     jsonb NOT NULL,
    event      text GENERATED ALWAYS AS (record #>> '{event,name}') STORED,
    outcome    text GENERATED ALWAYS AS (record ->> 'outcome') STORED,
    cause      text GENERATED ALWAYS AS (record ->> 'cause') STORED,
    proxy      text GENERATED ALWAYS AS ((record #>> '{proxy,address}') || ':'
                   || (record #>> '{proxy,port}')) STORED,
    executable text GENERATED ALWAYS AS
                   (record #>> '{process,executable,path}') STORED,
    module     text GENERATED ALWAYS AS (record #>> '{caller,module}') STORED,
    target     text GENERATED ALWAYS AS (record #>> '{url,target}') STORED,
    status     integer GENERATED ALWAYS AS
                   ((record #>> '{http,response,status_code}')::integer) STORED,
    final      integer GENERATED ALWAYS AS
                   ((record #>> '{final,status_code}')::integer) STORED
);

CREATE INDEX ON auth407_records (received);
CREATE INDEX ON auth407_records (cause, executable);

-- rsyslog may add, and nothing else.
CREATE ROLE auth407_writer LOGIN;
GRANT INSERT ON auth407_records TO auth407_writer;

-- Which binaries dropped the header: had a credential, and did not send it?
CREATE VIEW auth407_dropped AS
    SELECT executable, module, proxy,
           count(*) AS records, count(DISTINCT host) AS hosts,
           min(received) AS first_seen, max(received) AS last_seen,
           min(record ->> 'remedy') AS remedy
    FROM auth407_records
    WHERE cause = 'dropped_by_client'
    GROUP BY executable, module, proxy
    ORDER BY records DESC, executable;

COMMIT;
