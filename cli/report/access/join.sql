-- The temporary database of the join. It goes into the program as it is (db.c).
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
CREATE TABLE stranger(client, user, target, n, first_us, last_us,
  PRIMARY KEY(client, user, target)) WITHOUT ROWID;
CREATE TABLE client(id INTEGER PRIMARY KEY, client, user, total, first_us,
  last_us, targets);

-- A record, and whether the proxy's log has its 407. "Basic as alice".
CREATE VIEW pair AS SELECT record.*, line.id NOTNULL AS found,
  ifnull(line.difference_us, 0) AS difference_us,
  ifnull(record.method, '') || ' ' || record.target AS request,
  iif(record.sent, ifnull(nullif(record.scheme, ''), 'Proxy-Authorization') ||
    ifnull(' as ' || nullif(record.user, ''), ''), 'no Proxy-Authorization')
    AS sent_words
  FROM record LEFT JOIN line
    ON line.record = record.id AND line.number = 0;

-- A request of a record as the proxy's log has it, NULL where it has not; a
-- user name that is a key is hidden in the record, and so here.
-- "TCP_DENIED/407, user bob, from 192.0.2.7:1234".
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

-- The same for JSON (docs/report-schema.json); json_text is of json.c.
CREATE VIEW answer_json AS SELECT record, number, iif(found,
  json_remove(json_object(
    'timestamp', strftime('%Y-%m-%dT%H:%M:%S', time_us / 1000000, 'unixepoch')
      || printf('.%06dZ', time_us % 1000000),
    'matched_by', iif(by_port, 'port', 'time'),
    'difference_s', json(printf('%.6f', difference_us / 1e6)),
    'client', json_text(client),
    'client_port', port,
    'result', json_text(result),
    'status_code', status,
    'user', json_text(user)), iif(port, '$.-', '$.client_port')), NULL) AS json
  FROM answer;
CREATE VIEW pair_json AS SELECT id, found, unresolved, time_us, json_object(
    'timestamp', strftime('%Y-%m-%dT%H:%M:%S', time_us / 1000000, 'unixepoch')
      || printf('.%06dZ', time_us % 1000000),
    'outcome', outcome,
    'cause', json_text(cause),
    'binary', json_text(binary),
    'module', json_text(module),
    'pid', pid,
    'proxy', json_text(proxy),
    'method', json_text(method),
    'target', json_text(target),
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
    'first_seen', strftime('%Y-%m-%dT%H:%M:%S', first_us / 1000000, 'unixepoch')
      || printf('.%06dZ', first_us % 1000000),
    'last_seen', strftime('%Y-%m-%dT%H:%M:%S', last_us / 1000000, 'unixepoch')
      || printf('.%06dZ', last_us % 1000000),
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
  strftime('%Y-%m-%dT%H:%M:%SZ', time_us / 1000000, 'unixepoch'),
  strftime('%Y-%m-%dT%H:%M:%SZ', (time_us + difference_us) / 1000000,
    'unixepoch'),
  iif(found, 'proxy''s log', ''),
  (SELECT group_concat(words, '; then ') FROM (SELECT words FROM answer
    WHERE record = pair.id AND found ORDER BY number)), '', ''
  FROM pair ORDER BY unresolved DESC, time_us, id;
CREATE VIEW client_csv AS SELECT 'proxy_log_alone', words, '', '', '', '',
  total, 0, 0, 0, 0, 0,
  strftime('%Y-%m-%dT%H:%M:%SZ', first_us / 1000000, 'unixepoch'),
  strftime('%Y-%m-%dT%H:%M:%SZ', last_us / 1000000, 'unixepoch'),
  'proxy''s log', list, '', ''
  FROM stranger_words ORDER BY id;
