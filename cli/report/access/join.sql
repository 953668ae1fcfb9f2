-- Compares, when all tables of tables.sql are full. What is done for one row
-- after the other is a trigger of a view that the rows go to.
CREATE INDEX lines ON line(key, at_us, record, user_key, port, coarse);

-- Clocks that differ: every record's own request and each line that it may be,
-- up to 26 hours away (any error in a zone), vote for the difference of their
-- times. Chance spreads over all differences; the true one gets a vote from
-- nearly every record. Only a clear winner counts: a program that asks for the
-- same thing every ten seconds fits at every ten seconds. Attempts have no vote:
-- how long auth407 itself took between them is not known.
CREATE TABLE vote(record, at_us, difference, port);
CREATE VIEW voter AS SELECT record, at_us, key, port FROM leg;
CREATE TRIGGER voting INSTEAD OF INSERT ON voter
WHEN ifnull((SELECT max(rowid) FROM vote), 0) < 100000 BEGIN
  INSERT INTO vote SELECT new.record, new.at_us, at_us - new.at_us,
    new.port AND port = new.port FROM line WHERE key = new.key AND at_us
    BETWEEN new.at_us - 93600000000 AND new.at_us + 93600000000 LIMIT 4096;
END;
INSERT INTO voter SELECT record, at_us, key, port FROM leg
  WHERE key <> 0 AND number = 0 ORDER BY record;

-- Votes by half seconds. Each goes to its bin and to the one below, so that a
-- difference on the border of two bins has one that holds all of its votes.
CREATE TABLE bin AS SELECT (difference + 93600000000) / 500000 - below - 187200
    AS number, count(DISTINCT record) AS votes,
    count(DISTINCT iif(port, record, NULL)) AS port_votes,
    sum(difference) / count(*) AS offset_us, max(at_us) - min(at_us) AS spread
  FROM vote, (SELECT 0 AS below UNION SELECT 1) GROUP BY 1;
-- The bin with most votes, of equal ones the nearest to no difference, if it is
-- clearly ahead of those not beside it, and has half of who voted. A script's
-- requests within a second or two fit any other such script's: without ports,
-- only what is spread out tells of a clock. A small difference is what the
-- tolerance is for. Where equal ports fit at the offset, ports mean ports.
CREATE TABLE clock AS SELECT offset_us, shifted, EXISTS(SELECT 1 FROM vote
    WHERE port AND abs(difference - offset_us) <= tolerance_us + 500000)
    AS ports, tolerance_us, since_us, until_us
  FROM (SELECT *, iif(shifted, found_us, 0) AS offset_us
    FROM (SELECT *, abs(found_us) > tolerance_us / 2 AS shifted
      FROM (SELECT *, ifnull((SELECT offset_us FROM (SELECT * FROM (
            SELECT 1 AS by_port, number, port_votes AS votes, offset_us, spread
            FROM bin ORDER BY votes DESC, abs(number) LIMIT 1)
          UNION ALL SELECT * FROM (
            SELECT 0, number, votes, offset_us, spread
            FROM bin ORDER BY votes DESC, abs(number) LIMIT 1)) AS best
        WHERE votes >= iif(by_port, 2, 3) AND (by_port OR spread >= 10000000)
          AND votes * 2 >= (SELECT count(DISTINCT record) FROM vote
            WHERE port OR NOT by_port)
          AND (votes + 1) / 2 > ifnull((SELECT max(iif(by_port, bin.port_votes,
            bin.votes)) FROM bin WHERE abs(bin.number - best.number) > 1), 0)
        ORDER BY by_port DESC LIMIT 1), 0) AS found_us FROM input)));
DROP TABLE bin;
DROP TABLE vote;

-- The line that answers a leg, if there is one. Besides the tolerance there is
-- half a second for whole seconds and, on a connection of the same ports, half
-- a minute for what auth407 did between two attempts (asked a helper, waited
-- for a ticket). Equal ports count most, then the user, then the nearest time.
CREATE VIEW asker AS SELECT leg.*, offset_us, tolerance_us,
  ports AND leg.port AS by_port FROM leg, clock;
CREATE TRIGGER answering INSTEAD OF INSERT ON asker BEGIN
  UPDATE line SET record = new.record, number = new.number,
    difference_us = at_us - new.at_us,
    by_port = new.by_port AND port = new.port
  WHERE id = (SELECT id FROM (SELECT id, at_us, user_key, coarse,
      abs(at_us - new.at_us - new.offset_us) AS away,
      new.by_port AND port AS ports, new.by_port AND port = new.port AS same
    FROM line WHERE key = new.key AND record ISNULL AND at_us BETWEEN
      new.at_us + new.offset_us - new.tolerance_us - 500000
        - (new.number > 0) * 30000000 AND
      new.at_us + new.offset_us + new.tolerance_us + 500000
        + (new.number > 0) * 30000000 LIMIT 4096)
    WHERE (same OR NOT ports) AND (same OR new.number < 31) AND
      away <= new.tolerance_us + coarse * 500000
        + (same AND new.number) * 30000000
    ORDER BY 2 * same + (new.number = 0 AND user_key = new.user_key) DESC,
      away, at_us, id LIMIT 1);
END;
INSERT INTO asker SELECT * FROM asker
  WHERE key <> 0 ORDER BY key, at_us, record, number;
CREATE INDEX taken ON line(record, number);

-- The 407s of the log that no leg took. At the edges of the range of the report
-- the record may just be outside.
CREATE TABLE stranger(client, user, target, n, first_us, last_us,
  PRIMARY KEY(client, user, target)) WITHOUT ROWID;
INSERT INTO stranger SELECT client, ifnull(user, ''), target, count(*),
    min(time_us), max(time_us) FROM line, clock
  WHERE status = 407 AND record ISNULL
    AND at_us BETWEEN since_us + tolerance_us + offset_us
      AND until_us - tolerance_us + offset_us
  GROUP BY 1, 2, 3;
CREATE TABLE client(id INTEGER PRIMARY KEY, client, user, total, first_us,
  last_us, targets);
INSERT INTO client SELECT NULL, client, user, sum(n), min(first_us),
    max(last_us), count(*)
  FROM stranger GROUP BY client, user ORDER BY sum(n) DESC, client, user
  LIMIT 1000; -- are output

-- Of the programs' own requests; the pairs also of those left out.
CREATE TABLE own AS SELECT count(record.id) AS records,
    count(record.id) FILTER (WHERE line.id) AS matched,
    count(record.id) FILTER (WHERE line.by_port) AS by_port,
    count(record.id) FILTER (WHERE leg.port AND line.port AND
      leg.port <> line.port) AS ports_differ,
    count(*) FILTER (WHERE line.by_port) AS port_pairs,
    count(*) FILTER (WHERE line.id) AS pairs,
    ifnull(max(line.coarse), 0) AS offset_coarse
  FROM leg LEFT JOIN record ON record.id = leg.record
    LEFT JOIN line ON line.record = leg.record AND line.number = 0
  WHERE leg.number = 0;
-- The offset is the median over the pairs, of equal ports if there are any.
CREATE TABLE sums AS SELECT lines, lines_407, lines_unreadable, own.*,
    records - matched AS without_line,
    (SELECT ifnull(sum(n), 0) FROM stranger) AS without_record,
    (SELECT count(*) FROM client) AS clients,
    (SELECT ifnull(sum(total), 0) FROM client) AS clients_lines,
    shifted, ports, shifted OR pairs > 0 AS offset_known,
    port_pairs > 0 AS offset_by_port,
    ifnull((SELECT difference_us FROM line, own WHERE number = 0
        AND line.by_port = (port_pairs > 0) ORDER BY 1 LIMIT 1
        OFFSET (SELECT iif(port_pairs, port_pairs, pairs) / 2 FROM own)),
      offset_us) AS offset_us
  FROM input, own, clock;

-- The requests that the text shows.
CREATE TABLE picked AS SELECT *, row_number() OVER
    (PARTITION BY found ORDER BY unresolved DESC, time_us, id) AS rank
  FROM (SELECT * FROM (SELECT * FROM pair WHERE found
      ORDER BY unresolved DESC, time_us, id LIMIT 20)
    UNION ALL SELECT * FROM (SELECT * FROM pair WHERE NOT found
      ORDER BY unresolved DESC, time_us, id LIMIT 20));
