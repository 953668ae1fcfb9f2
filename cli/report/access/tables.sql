-- The temporary database of the join: tables, and the views that are output.
-- It goes into the program as it is, and so does join.sql, which compares.
--
-- A leg is one request of a record, number 0 the program's own; also of a
-- record that a filter left out, which is not in its table. leg.key 0: no
-- answer to look for. line.record and line.number are the leg that it answers.
-- at_us is compared, and may be the middle of a second; line.time_us is shown.
-- Indexes are made when their table is full; what they are searched for with
-- the columns of another table has a type, or sqlite would not use them.
PRAGMA journal_mode = OFF;
PRAGMA cache_size = -2048;
BEGIN;
CREATE TABLE record(id INTEGER PRIMARY KEY, time_us, pid, sent, status, final,
  unresolved, outcome, cause, binary, module, proxy, method, target, scheme,
  user);
CREATE TABLE leg(record INTEGER, number INTEGER, key, at_us, user_key, port,
  PRIMARY KEY(record, number)) WITHOUT ROWID;
CREATE TABLE line(id INTEGER PRIMARY KEY, key, at_us, user_key, port, coarse,
  time_us, status, client, result, target, user,
  record INTEGER, number INTEGER, difference_us, by_port);
CREATE TABLE file(name); -- of the proxy's log
-- One row: the options, and how many lines were read.
CREATE TABLE input(tolerance_us, since_us, until_us, lines, lines_407,
  lines_unreadable);

-- A record, and whether the proxy's log has its 407. "Basic as alice".
CREATE VIEW pair AS SELECT record.*, line.id NOTNULL AS found,
  ifnull(line.difference_us, 0) AS difference_us,
  ifnull(record.method, '') || ' ' || record.target AS request,
  iif(record.sent, ifnull(nullif(record.scheme, ''), 'Proxy-Authorization') ||
    ifnull(' as ' || nullif(record.user, ''), ''), 'no Proxy-Authorization')
    AS sent_words
  FROM record LEFT JOIN line
    ON line.record = record.id AND line.number = 0;

-- A request of a record as the proxy's log has it, or NULL; what is hidden in
-- the record is so here. "TCP_DENIED/407, user bob, from 192.0.2.7:1234".
CREATE VIEW answer AS SELECT *,
  ifnull(result || '/', '') || status ||
    ifnull(', user ' || nullif(user, ''), ', no user') || ', from ' || client ||
    ifnull(iif(instr(client, ':'), ' port ', ':') || nullif(port, 0), '')
    AS words,
  CASE WHEN status <> 407 THEN ''
    WHEN result GLOB 'TCP_DENIED*' THEN 'this proxy itself refused; '
    WHEN result NOTNULL
    THEN 'passed on from a proxy or server behind this one; '
    ELSE '' END AS who
  FROM (SELECT leg.record, leg.number, line.id NOTNULL AS found, line.time_us,
      line.difference_us, line.by_port, line.client, line.port, line.result,
      line.status, iif(leg.number = 0 AND record.user = '[redacted]',
        record.user, line.user) AS user
    FROM leg JOIN record ON record.id = leg.record LEFT JOIN line
      ON line.record = leg.record AND line.number = leg.number
    WHERE leg.number < 31);

-- A client of the proxy with 407s that no record explains. "192.0.2.7, user
-- bob"; "http://a.test/, http://b.test/, ...", the most frequent ones.
CREATE VIEW stranger_words AS SELECT *,
  client || ifnull(', user ' || nullif(user, ''), ', no user') AS words,
  (SELECT group_concat(target, ', ') FROM (SELECT target FROM stranger s
      WHERE s.client = client.client AND s.user = client.user
      ORDER BY n DESC, target LIMIT 3)) || iif(targets > 3, ', ...', '') AS list
  FROM client;

-- In words: what was read, how many 407s were found, how the clocks differ;
-- what it means that some were not found, and that the log has more.
CREATE VIEW saying AS SELECT 0 AS id, (SELECT group_concat(
      printf('%.256s', name), ', ') FROM (SELECT name FROM file LIMIT 3)) ||
    (SELECT iif(count(*) > 3, printf(' and %d more', count(*) - 3), '')
      FROM file) ||
    printf(': %d line%s, %d of them 407', lines, iif(lines = 1, '', 's'),
      lines_407) ||
    iif(lines_unreadable, printf('; %d could not be read', lines_unreadable),
      '') AS words FROM sums
  UNION ALL SELECT 1, iif(records = 0, 'The records hold no 407 to look for.',
    printf('%d of %d record%s with a 407 %s in the proxy''s log', matched,
      records, iif(records = 1, '', 's'), iif(matched = 1, 'is', 'are')) ||
    iif(by_port, printf(': %d found by the connection''s port', by_port), '') ||
    iif(matched > by_port, printf(iif(by_port,
      ', %d by request, status and time',
      ': %d found by request, status and time'), matched - by_port), '') ||
    '.' ||
    CASE WHEN ports_differ THEN printf(' The ports of %d differ: addresses are '
        || 'translated on the way, or these are requests of others.',
        ports_differ)
      WHEN matched > by_port AND NOT ports THEN ' A log that has the client''s '
        || 'port makes this exact: see "Proxy logs" in auth407(1).'
      ELSE '' END) FROM sums
  UNION ALL SELECT 2, CASE WHEN NOT offset_known THEN ''
    WHEN abs(offset_us) < iif(offset_coarse, 1000000, 100000)
    THEN 'Both clocks agree' || iif(offset_coarse,
      ' to the second that the proxy''s log has.', '.')
    ELSE 'The proxy''s clock is ' ||
      iif(tenths >= 36000, printf('%d h ', tenths / 36000), '') ||
      iif(tenths >= 600, printf('%d min ', tenths / 600 % 60), '') ||
      printf('%d.%d s ', tenths % 600 / 10, tenths % 10) ||
      iif(offset_us > 0, 'ahead of', 'behind') ||
      ' this machine''s (the median of ' || iif(offset_by_port,
        'the pairs whose ports are equal).', 'all pairs, found by time).') ||
      iif(shifted, ' That was allowed for.', '') END
    FROM (SELECT *, (abs(offset_us) + 50000) / 100000 AS tenths FROM sums)
  UNION ALL SELECT 3, iif(without_line, printf('The proxy''s log does not have '
    || '%d of them: that answer came from somewhere else, such as another '
    || 'proxy on the way', without_line) || iif(offset_known, '.',
      '; or the clocks differ, or the log is of another time.'), '') FROM sums
  UNION ALL SELECT 4, iif(without_record, printf('%d line%s of the proxy''s log '
    || 'with a 407 %s no record: sent to programs that did not run under '
    || 'auth407, or on other machines.', without_record,
      iif(without_record = 1, '', 's'), iif(without_record = 1, 'has', 'have')),
    '') FROM sums;

-- The text: parts with a heading, a paragraph, and so many entries of a list.
-- A request is shown with the answers that the log has; its first one has.
CREATE VIEW part AS
  SELECT id + (id > 3) AS place, words,
    CASE id WHEN 3 THEN without_line WHEN 4 THEN clients ELSE 0 END AS n,
    CASE id WHEN 0 THEN 'The proxy''s own log'
      WHEN 3 THEN iif(without_line, 'In the records alone', '')
      WHEN 4 THEN iif(clients, 'In the proxy''s log alone', '')
      ELSE '' END AS heading,
    iif(id = 3, ': --format json has all', ' clients: --format json has them')
    AS rest FROM saying, sums
  UNION ALL SELECT 4, '', matched, iif(matched, 'Both sides of each 407', ''),
    ': --format json has all' FROM sums;
CREATE VIEW text AS
  SELECT place, 0 AS rank, 0 AS step, 'heading' AS kind, '' AS label,
    heading AS words FROM part WHERE heading <> ''
  UNION ALL SELECT place, 0, 1, 'words', '', words FROM part WHERE words <> ''
  UNION ALL SELECT 3 + found, rank, -9, 'entry', local(time_us), request
    FROM picked
  UNION ALL SELECT 3 + found, rank, -8, 'line', 'program',
    binary || ', pid ' || pid || ', to ' || proxy FROM picked
  UNION ALL SELECT 3 + found, rank, -7, 'line', 'it sent', sent_words
    FROM picked
  UNION ALL SELECT 4, rank, number, 'line', iif(number, 'then', 'proxy''s log'),
    words || iif(number, '', printf(' (%s%+.3f s)', who,
      round(answer.difference_us / 1e3) / 1e3 + 0.0))
    FROM picked JOIN answer ON record = picked.id WHERE answer.found
  UNION ALL SELECT 3 + found, rank, 99, 'line', 'outcome', outcome ||
    ifnull(', read ' || nullif(final, 0), '') || ' (' || cause || ')'
    FROM picked
  UNION ALL SELECT 5, id, 0, 'entry', '', words FROM stranger_words
    WHERE id <= 20
  UNION ALL SELECT 5, id, 1, 'line', '407s', total ||
    iif(total = 1, ': ', ': from ') || local(first_us) ||
    iif(total = 1, '', ' to ' || local(last_us)) || ', by the proxy''s clock'
    FROM client WHERE id <= 20
  UNION ALL SELECT 5, id, 2, 'line', 'for', list FROM stranger_words
    WHERE id <= 20
  UNION ALL SELECT place, 21, 0, 'more', '',
    printf('... and %d more%s', n - 20, rest) FROM part WHERE n > 20
  ORDER BY 1, 2, 3;

-- The same for JSON (docs/report-schema.json); json_text() is of db.c.
CREATE VIEW sums_json AS SELECT json_object(
    'files', (SELECT json_group_array(json(json_text(name))) FROM file),
    'lines', lines, 'lines_407', lines_407,
    'lines_unreadable', lines_unreadable,
    'records', records, 'matched', matched, 'matched_by_port', by_port,
    'records_without_line', without_line,
    'lines_without_record', without_record,
    'lines_of_further_clients', without_record - clients_lines,
    'clock_offset_s', iif(offset_known, json(printf('%s%d.%06d',
      iif(offset_us < 0, '-', ''), abs(offset_us) / 1000000,
      abs(offset_us) % 1000000)), NULL),
    'clock_offset_from', iif(offset_known, iif(offset_by_port, 'port', 'time'),
      NULL),
    'clock_offset_allowed_for', json(iif(shifted, 'true', 'false'))) AS json,
  -- what a page shows besides
  json_object('clients', clients, 'words', (SELECT json_group_array(json(
    json_text(words))) FROM (SELECT words FROM saying ORDER BY id))) AS page
  FROM sums;
CREATE VIEW answer_json AS SELECT record, number, iif(found,
  json_remove(json_object(
    'timestamp', printf('%.19s.%06dZ', utc(time_us), time_us % 1000000),
    'matched_by', iif(by_port, 'port', 'time'),
    'difference_s', json(printf('%.6f', difference_us / 1e6)),
    'client', json_text(client), 'client_port', port,
    'result', json_text(result), 'status_code', status,
    'user', json_text(user)), iif(port, '$.-', '$.client_port')), NULL) AS json
  FROM answer;
CREATE VIEW pair_json AS SELECT id, found, unresolved, time_us, json_object(
    'timestamp', printf('%.19s.%06dZ', utc(time_us), time_us % 1000000),
    'outcome', outcome, 'cause', json_text(cause),
    'binary', json_text(binary), 'module', json_text(module), 'pid', pid,
    'proxy', json_text(proxy),
    'method', json_text(method), 'target', json_text(target),
    'sent', json_object('present', json(iif(sent, 'true', 'false')),
      'scheme', json_text(scheme), 'username', json_text(user)),
    'status_code', nullif(status, 0),
    'final_status_code', nullif(final, 0),
    'log', json((SELECT json FROM answer_json
      WHERE record = pair.id AND number = 0)),
    'attempts_log', (SELECT json_group_array(json(json)) FROM (
      SELECT json FROM answer_json
      WHERE record = pair.id AND number > 0 ORDER BY number))) AS json
  FROM pair;
CREATE VIEW client_json AS SELECT id, json_object(
    'client', json_text(client),
    'user', json_text(nullif(user, '')),
    'total', total,
    'first_seen', printf('%.19s.%06dZ', utc(first_us), first_us % 1000000),
    'last_seen', printf('%.19s.%06dZ', utc(last_us), last_us % 1000000),
    'more_targets', json(iif(targets > 3, 'true', 'false')),
    'targets', (SELECT json_group_array(json(json_text(target))) FROM (
      SELECT target FROM stranger s
      WHERE s.client = client.client AND s.user = client.user
      ORDER BY n DESC, target LIMIT 3))) AS json
  FROM client;

-- Rows of the report's CSV table: `where` is "proxy's log", and `line` what
-- that log says.
CREATE VIEW pair_csv AS SELECT iif(found, 'both_logs', 'records_alone'),
  request, cause, binary, module, proxy, 1, unresolved, outcome = 'resolved',
  outcome = 'unresolved', outcome = 'observed', outcome = 'not_retried',
  utc(time_us), utc(time_us + difference_us),
  iif(found, 'proxy''s log', ''),
  (SELECT group_concat(words, '; then ') FROM (SELECT words FROM answer
    WHERE record = pair.id AND found ORDER BY number)), '', ''
  FROM pair ORDER BY unresolved DESC, time_us, id;
CREATE VIEW client_csv AS SELECT 'proxy_log_alone', words, '', '', '', '',
  total, 0, 0, 0, 0, 0,
  utc(first_us), utc(last_us),
  'proxy''s log', list, '', ''
  FROM stranger_words ORDER BY id;
