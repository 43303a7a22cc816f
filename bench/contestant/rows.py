"""The harness's tickets as Guichê keeps them: one statement a table, read from the other database.

Ids are UUIDs of version 7 made of the moment and the harness's own number, so that they sort as its
numbers do. Everything is as our own operations would have left it: faces before and after each act,
clocks with what was told of them, search texts. Deadlines are those of the given rows; all of them
passed long ago, were told, and nothing falls due while others measure.
"""

SOURCE = """
CREATE EXTENSION postgres_fdw;
CREATE SCHEMA given;
CREATE SCHEMA away;
CREATE SERVER harness FOREIGN DATA WRAPPER postgres_fdw
  OPTIONS (host '{host}', port '{port}', dbname '{name}', fetch_size '20000');
CREATE USER MAPPING FOR CURRENT_USER SERVER harness
  OPTIONS (user '{user}', password_required 'false');
IMPORT FOREIGN SCHEMA public LIMIT TO (ticket, publisher, history) FROM SERVER harness INTO away;
CREATE UNLOGGED TABLE given.ticket AS SELECT * FROM away.ticket;
CREATE UNLOGGED TABLE given.publisher AS SELECT * FROM away.publisher;
CREATE UNLOGGED TABLE given.history AS SELECT * FROM away.history;
ANALYZE;
"""
AWAY = "DROP EXTENSION postgres_fdw CASCADE; DROP SCHEMA away; DROP SCHEMA given CASCADE;"

# Bulk rows of a database that is nobody's yet: checked by the harness, ticket by ticket.
UNCHECKED = "SET session_replication_role = replica"
CHECKED = "SET session_replication_role = DEFAULT"

MAKING = """
CREATE FUNCTION pg_temp.made(kind int, n bigint, at timestamptz) RETURNS uuid LANGUAGE sql
IMMUTABLE AS $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
  || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;
CREATE FUNCTION pg_temp.publisher(n bigint) RETURNS uuid LANGUAGE sql
IMMUTABLE AS $$ SELECT pg_temp.made(1, n, timestamptz '2025-12-31 00:00+00') $$;
CREATE TEMP TABLE level_of(n int PRIMARY KEY, id uuid, terms_id uuid);
CREATE TEMP TABLE agent_of(n int PRIMARY KEY, id uuid, name text);
CREATE TEMP TABLE type_of(name text PRIMARY KEY, id uuid);
CREATE TEMP TABLE protocol_of(n int PRIMARY KEY, protocol text);
CREATE TEMP TABLE network_of(given text PRIMARY KEY, network text);
INSERT INTO network_of VALUES
  ('instagram', 'INSTAGRAM'), ('x', 'X'), ('tiktok', 'WEB'), ('youtube', 'WEB');
CREATE TEMP TABLE priority_of(n int PRIMARY KEY, priority text, place int);
INSERT INTO priority_of VALUES
  (0, 'LOW', 3), (1, 'LOW', 3), (2, 'MEDIUM', 2), (3, 'HIGH', 1), (4, 'URGENT', 0);
"""

PUBLISHERS = """
INSERT INTO publisher (id, workspace_id, name, tags, search, version)
SELECT pg_temp.publisher(id), $1, name, chr(31), lower(name || ' ' || handle), 1
FROM given.publisher ORDER BY id
"""
PROFILES = """
INSERT INTO profile (id, workspace_id, publisher_id, network, external_id, handle)
SELECT pg_temp.made(2, p.id, timestamptz '2025-12-31 00:00+00'), $1, pg_temp.publisher(p.id),
  n.network, p.id::text, p.handle
FROM given.publisher p JOIN network_of n ON n.given = p.network ORDER BY p.id
"""
TICKETS = """
INSERT INTO ticket (id, workspace_id, protocol, version, status, close_reason, priority,
  priority_order, type_id, subject, snippet, network, tags, level_id, origin_level_id, assignee_id,
  publisher_id, groups_old, origin, occurred_at, opened_at, updated_at, resolved_at, closed_at,
  terms_id, risk, urgent_at, reopen_count, transfer_count, interactions_count, search)
SELECT pg_temp.made(3, t.id, t.opened_at), $1, c.protocol, 1, s.status,
  CASE s.status WHEN 'CLOSED' THEN 'ANSWERED' END, o.priority, o.place, y.id, t.subject, t.subject,
  n.network, chr(31), l.id, l.id, a.id, pg_temp.publisher(t.publisher_id), false, 'API',
  t.occurred_at, t.opened_at, h.latest,
  CASE WHEN s.over THEN t.opened_at + interval '50 minutes' END,
  CASE s.status WHEN 'CLOSED' THEN t.opened_at + interval '50 minutes' END,
  l.terms_id, CASE WHEN s.over THEN 'DONE' ELSE 'BREACHED' END,
  CASE WHEN s.over THEN timestamptz '9999-01-01 00:00+00'
    ELSE least(t.first_response_due, t.resolution_due) END,
  0, 0, h.entries, lower(concat_ws(' ', t.subject, c.protocol, p.name, p.handle))
FROM given.ticket t
JOIN given.publisher p ON p.id = t.publisher_id
JOIN (SELECT ticket_id, count(*) AS entries, max(at) AS latest FROM given.history
  GROUP BY ticket_id) h ON h.ticket_id = t.id
JOIN network_of n ON n.given = p.network
JOIN priority_of o ON o.n = t.priority
JOIN protocol_of c ON c.n = t.id
JOIN level_of l ON l.n = t.level_id
JOIN type_of y ON y.name = t.type
LEFT JOIN agent_of a ON a.n = t.assignee_id
CROSS JOIN LATERAL (SELECT status, status IN ('RESOLVED', 'CLOSED') AS over FROM (SELECT
  CASE t.status WHEN 'assigned' THEN 'ESCALATED' WHEN 'waiting' THEN 'RESOLVED'
  WHEN 'closed' THEN 'CLOSED' WHEN 'open' THEN CASE WHEN a.id IS NULL THEN 'NEW' ELSE 'OPEN' END
  END AS status) told) s
ORDER BY t.id
"""
FACES = """
CREATE TEMP TABLE face_of AS
SELECT g.id AS n, t.id, t.status, t.priority, jsonb_build_object(
  'l', replace(t.level_id::text, '-', ''), 's', t.status, 'p', t.priority,
  't', replace(t.type_id::text, '-', ''), 'a', replace(t.assignee_id::text, '-', ''),
  'b', replace(t.publisher_id::text, '-', ''), 'n', t.network, 'o', t.origin, 'g', '[]'::jsonb,
  'c', t.protocol, 'd', to_char(t.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
  'q', t.search, 'x', false, 'r', t.risk, 'k', replace(t.terms_id::text, '-', '')) AS face
FROM given.ticket g JOIN ticket t ON t.id = pg_temp.made(3, g.id, g.opened_at)
"""
ENTRIES = """
INSERT INTO history_entry (xid, id, workspace_id, ticket_id, sequence, group_id, version, at, kind,
  actor_id, actor_name, comment, field, was, became, automated, concerns, before, after)
SELECT pg_current_xact_id(), e.id, $1, f.id, e.sequence, e.id, 1, e.at,
  CASE e.kind WHEN 'opened' THEN 'TICKET_OPENED' WHEN 'priority' THEN 'PRIORITY_CHANGED'
    WHEN 'assigned' THEN 'ASSIGNEE_CHANGED' WHEN 'status' THEN 'STATUS_CHANGED'
    ELSE 'NOTE_ADDED' END,
  a.id, e.actor, e.payload ->> 'text',
  CASE e.kind WHEN 'opened' THEN 'status' WHEN 'assigned' THEN 'assignee'
    WHEN 'priority' THEN 'priority' WHEN 'status' THEN 'status' END,
  CASE e.kind WHEN 'priority' THEN 'MEDIUM' WHEN 'status' THEN 'OPEN' END,
  CASE e.kind WHEN 'opened' THEN 'NEW' WHEN 'assigned' THEN a.name WHEN 'priority' THEN f.priority
    WHEN 'status' THEN f.status END,
  false, chr(31), CASE WHEN e.sequence > 1 THEN f.face END, f.face
FROM (SELECT *, pg_temp.made(4, h.id, h.at) AS id,
  row_number() OVER (PARTITION BY ticket_id ORDER BY at, h.id) AS sequence
  FROM given.history h) AS e(given_id, ticket_id, kind, actor, at, payload, id, sequence)
JOIN face_of f ON f.n = e.ticket_id
JOIN agent_of a ON a.n = substr(e.actor, 6)::int
ORDER BY e.given_id
"""
CLOCKS = """
INSERT INTO sla_clock (id, workspace_id, ticket_id, level_id, metric, cycle, state, target, used,
  started_at, running_since, due_at, breached_at, met_at, warned)
SELECT pg_temp.made(m.kind, g.id, g.opened_at), $1, t.id, t.level_id, m.metric, 1,
  CASE WHEN o.over THEN 'MET' ELSE 'BREACHED' END,
  extract(epoch FROM m.due - g.opened_at)::bigint * 1000000,
  CASE WHEN o.over THEN extract(epoch FROM m.met - g.opened_at)::bigint * 1000000 ELSE 0 END,
  g.opened_at, CASE WHEN NOT o.over THEN g.opened_at END, m.due,
  CASE WHEN NOT o.over THEN m.due END,
  CASE WHEN o.over THEN m.met END, CASE WHEN o.over THEN 0 ELSE 100 END
FROM given.ticket g JOIN ticket t ON t.id = pg_temp.made(3, g.id, g.opened_at)
CROSS JOIN LATERAL (VALUES
  (5, 'FIRST_RESPONSE', g.first_response_due, g.opened_at + interval '30 minutes'),
  (6, 'RESOLUTION', g.resolution_due, g.opened_at + interval '50 minutes')
) m(kind, metric, due, met)
CROSS JOIN LATERAL (SELECT t.status IN ('RESOLVED', 'CLOSED') AS over) o
ORDER BY g.id, m.kind
"""
BREACHES = """
INSERT INTO sla_event (id, workspace_id, ticket_id, clock_id, metric, percent, due_at, fired_at,
  cause)
SELECT pg_temp.made(7, row_number() OVER (ORDER BY id), breached_at), workspace_id, ticket_id, id,
  metric, 100, due_at, due_at, 'TIMER'
FROM sla_clock WHERE breached_at IS NOT NULL
"""
MESSAGES = """
INSERT INTO occurrence (id, workspace_id, account_id, external_id, network, kind, publisher_id,
  profile_id, level_id, intended_level_id, text, thread_root, occurred_at, received_at, historical,
  automated)
SELECT pg_temp.made(8, f.external_id::bigint, timestamptz '2025-12-31 00:00+00'), $1, a.id,
  f.external_id, a.network, 'DIRECT_MESSAGE', f.publisher_id, f.id, l.id, l.id, 'Hello',
  f.external_id, '2025-12-31 00:00+00', '2025-12-31 00:00+00', true, false
FROM profile f JOIN account a ON a.workspace_id = f.workspace_id JOIN level_of l ON l.n = 1
WHERE NOT EXISTS (SELECT 1 FROM ticket t WHERE t.publisher_id = f.publisher_id)
"""
"""Nobody may open a ticket for a publisher they know nothing of, so whoever has none wrote once."""
FILLING = (PUBLISHERS, PROFILES, TICKETS, FACES, ENTRIES, CLOCKS, BREACHES, MESSAGES)
"""In this order; the first parameter of each that has one is the workspace."""
