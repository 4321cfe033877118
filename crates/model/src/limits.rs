//! Every limit of the product and the reason for it. One home: no other file may write such a number.

/// Bytes of a definition text (16 MiB): larger than any definition that people or programs have shown a need for.
pub const DEFINITION_BYTES: usize = 16 * 1024 * 1024;
/// Nodes of one definition, bodies included.
pub const DEFINITION_NODES: usize = 20_000;
/// Edges of one definition: three times the nodes.
pub const DEFINITION_EDGES: usize = 60_000;
/// Nesting of JSON and YAML: deep enough for every real document, shallow enough for a recursive reader.
pub const DOCUMENT_DEPTH: usize = 64;
/// YAML parser events: what 16 MiB of ordinary text makes.
pub const YAML_EVENTS: usize = 1_000_000;
/// YAML alias expansions ("billion laughs").
pub const YAML_ALIASES: usize = 100;
/// Bytes of an identifier or name (an id is also a table key and part of an URL).
pub const NAME_BYTES: usize = 255;
/// Expressions of one definition: compiling one takes tens of microseconds, so that all of them stay within seconds.
pub const DEFINITION_EXPRESSIONS: usize = 60_000;
/// Diagnostics reported for one document; more would hide the first ones.
pub const DIAGNOSTICS: usize = 200;
/// Diagnostics gathered before the most important are chosen: a hostile text must not fill the memory with its mistakes.
pub const DIAGNOSTICS_GATHERED: usize = 1_000;
/// Expressions without an end that one line of YAML may hold before the rest of the line is left as it is: each was sought to its end.
pub const UNCLOSED_PER_LINE: usize = 16;
/// Edges walked to find out which branches a join misses, over all joins: that question is not linear, larger graphs go without it.
pub const JOIN_WALKS: usize = 2_000_000;
/// `$ref`s of a JSON Schema followed within each other: more are a circle.
pub const SCHEMA_REFERENCES: usize = 16;
/// Suggestions of a nearest name per document: each compares a word with up to `SUGGESTION_CANDIDATES` others.
pub const SUGGESTIONS: u32 = 50;
/// Names that one suggestion is chosen from.
pub const SUGGESTION_CANDIDATES: usize = 2_000;
/// Characters of the longest word that a suggestion is sought for.
pub const SUGGESTION_CHARS: usize = 48;
/// Bytes of all variables, of an input or of an output, encoded.
pub const PAYLOAD_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of an HTTP body that is neither a definition nor a payload.
pub const BODY_BYTES: usize = 1024 * 1024;
/// Rows of one page of a list.
pub const PAGE_ROWS: u64 = 200;
/// Instances that one batch call may start.
pub const BATCH_STARTS: usize = 1_000;
/// Node instances that the answer about one instance carries; the rest is paged.
pub const INSTANCE_NODES: usize = 1_000;
/// Steps that one command may take in memory before it is an error: a cycle of pure nodes would otherwise never end.
pub const STEPS_PER_COMMAND: u32 = 10_000;
/// Attempts of a task when its `retry` names none.
pub const RETRY_ATTEMPTS: u32 = 3;
/// Highest number of attempts a `retry` may ask for.
pub const RETRY_ATTEMPTS_MAX: u32 = 1_000;
/// Longest duration that a definition may name: ten years, in milliseconds.
pub const DURATION_MS: u64 = 10 * 366 * 24 * 3_600 * 1_000;
/// Longest time a caller may wait in one request, in milliseconds.
pub const WAIT_MS: u64 = 60_000;
/// Jobs that one activation may take.
pub const JOBS_PER_ACTIVATION: u32 = 500;
/// Lease of a job where the worker names none, in milliseconds.
pub const JOB_LEASE_MS: u64 = 30_000;
/// Shortest and longest lease of a job, in milliseconds.
pub const JOB_LEASE_RANGE_MS: std::ops::RangeInclusive<u64> = 5_000..=3_600_000;
/// Events between two snapshots of an instance: bounds the replay at recovery.
pub const SNAPSHOT_EVENTS: u64 = 500;
/// Virtual shards. Fixed for the life of a database: it is part of every placement.
pub const SHARDS: u16 = 256;
/// How long an idempotency key is kept, in milliseconds (24 hours).
pub const IDEMPOTENCY_MS: u64 = 24 * 3_600 * 1_000;
/// Characters of a password that stands alone (NIST 800-63B-4).
pub const PASSWORD_CHARS: usize = 15;
/// Longest password: more only costs hashing time.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Memory of Argon2id, in KiB (64 MiB).
pub const ARGON2_KIB: u32 = 64 * 1024;
/// Passes of Argon2id.
pub const ARGON2_PASSES: u32 = 3;
/// Password hashes at work at once: each takes a core and 64 MiB.
pub const ARGON2_AT_ONCE: usize = 2;
/// Password hashes at work or waiting; more are refused.
pub const ARGON2_QUEUE: usize = 22;
/// Failed sign-ins of an account that cost no waiting.
pub const SIGN_INS_FREE: u32 = 5;
/// Longest wait after a failed sign-in, in milliseconds (15 minutes).
pub const SIGN_IN_WAIT_MS: i64 = 15 * 60 * 1_000;
/// Tries to sign in from one address in a minute.
pub const SIGN_INS_PER_ADDRESS: u32 = 20;
/// How long a bearer token holds, in seconds.
pub const TOKEN_SECONDS: u64 = 15 * 60;
/// How long the one-time set-up link holds, in milliseconds (30 minutes).
pub const SETUP_LINK_MS: i64 = 30 * 60 * 1_000;
/// A session ends after so long without use, in milliseconds (30 minutes).
pub const SESSION_IDLE_MS: i64 = 30 * 60 * 1_000;
/// A session ends after so long in any case, in milliseconds (12 hours).
pub const SESSION_MS: i64 = 12 * 3_600 * 1_000;
/// How long an answer about an account is believed without asking the database, in milliseconds: a revoked sign-in ends this late.
pub const ACCOUNT_CACHE_MS: u64 = 3_000;
/// Attempts of one execution that may be lost with their server before it counts as poisoned.
pub const LOST_ATTEMPTS: u32 = 5;
/// Open instances that the auditor reads in one statement.
pub const AUDIT_PAGE: u32 = 1_000;
/// Open instances that the auditor looks at in a minute: half a second of the database's time. A million of them take twenty minutes.
pub const AUDIT_ROWS: u64 = 50_000;
/// How long a workflow's latest version is believed without asking the database, in milliseconds: another server's publishing is seen
/// this late.
pub const LATEST_CACHE_MS: u64 = 2_000;
/// Rows of a page where the caller names no number.
pub const PAGE_ROWS_DEFAULT: u64 = 50;
/// How long a server owns its shards without a sign of life, in milliseconds: a dead server's instances go on within 15 seconds.
pub const SHARD_LEASE_MS: i64 = 10_000;
/// Bytes of an answer that an `http` task reads where its `max_bytes` names no number (1 MiB).
pub const HTTP_ANSWER_BYTES_DEFAULT: usize = 1024 * 1024;
/// Most bytes of an answer that an `http` task may ask for (4 MiB): the answer becomes the node's output.
pub const HTTP_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of an unexpected answer that are kept with the error, for people to read.
pub const HTTP_ERROR_BYTES: usize = 4 * 1024;
/// Longest attempt of an `http` task whose node names no timeout, in milliseconds.
pub const HTTP_TIMEOUT_MS: u64 = 30_000;
/// Longest time until an `http` task is connected, in milliseconds.
pub const HTTP_CONNECT_MS: u64 = 10_000;
/// Bytes of the URL of an `http` task, its query included.
pub const HTTP_URL_BYTES: usize = 8 * 1024;
/// Headers of a request of an `http` task.
pub const HTTP_HEADERS: usize = 64;
/// Bytes of one message of a `log` task; the rest is cut off.
pub const LOG_MESSAGE_BYTES: usize = 16 * 1024;
/// Sockets that one user may have open.
pub const SOCKETS_PER_USER: usize = 20;
/// Subscriptions of one socket.
pub const SOCKET_TOPICS: usize = 64;
/// Messages that a client may send over a socket in ten seconds.
pub const SOCKET_MESSAGES: u32 = 200;
/// Bytes of one message from a client of the feed: it only subscribes.
pub const SOCKET_MESSAGE_BYTES: usize = 16 * 1024;
/// Bytes that wait to be written to a socket before it counts as stuck.
pub const SOCKET_BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of a refused body that are read and thrown away, so that a client that is still sending gets to read the answer.
pub const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// Longest time for that, in milliseconds: a refused request may not hold its connection.
pub const LINGER_MS: u64 = 2_000;
/// Items of one for-each: each is a scope of its own while it runs.
pub const FOREACH_ITEMS: usize = 100_000;
/// Items that one call adds to a for-each: each is an event of one step.
pub const FOREACH_ITEMS_ADDED: usize = 1_000;
/// Instances of one batch: they are listed when it is made, in one transaction.
pub const BATCH_ITEMS: usize = 50_000;
/// Instances that a batch's dry run asks: each is read and decided while the caller waits.
pub const BATCH_PREVIEWED: usize = 1_000;
/// Items of one turn at a batch: a pause takes effect after them, and their results are one transaction.
pub const BATCH_TURN_ITEMS: u64 = 64;
/// Items of a turn, or of a dry run, under way at once: enough to share commits, few enough to leave the engine to others.
pub const BATCH_AT_ONCE: usize = 16;
/// How long a server holds its turn at a batch without a sign of life, in milliseconds.
pub const BATCH_LEASE_MS: i64 = 15_000;
/// How long it is known that an item's command was done, in milliseconds (7 days): a turn that was cut off is taken up long before.
pub const BATCH_KEY_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// Changes of one `modify`: people and programs name single nodes.
pub const MODIFY_CHANGES: usize = 1_000;
/// Tokens that a `split: { count }` may put on an edge at once.
pub const SPLIT_TOKENS: u32 = 1_000;
/// Messages that an instance keeps before anyone waits for them.
pub const MAILBOX_MESSAGES: usize = 1_000;
/// How long a message waits for a receiver where its sender names no time, in milliseconds (24 hours).
pub const MESSAGE_TTL_MS: u64 = 24 * 3_600 * 1_000;
/// Bytes of output that a `shell` task reads where its `max_bytes` names no number (1 MiB).
pub const SHELL_OUTPUT_BYTES_DEFAULT: usize = 1024 * 1024;
/// Most bytes of output that a `shell` task may ask for (4 MiB): it becomes the node's output.
pub const SHELL_OUTPUT_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a command's standard error that are kept, for people to read.
pub const SHELL_ERROR_BYTES: usize = 16 * 1024;
/// Bytes of a command with its arguments and variables: Linux takes 128 KiB for one of them.
pub const SHELL_COMMAND_BYTES: usize = 96 * 1024;
/// Commands of `shell` tasks that run at a time in one server where the operator names no number.
pub const SHELL_SLOTS: usize = 4;
/// Rows of an answer that an `sql` task reads where its `max_rows` names no number.
pub const SQL_ROWS_DEFAULT: usize = 1_000;
/// Most rows that an `sql` task may ask for: they become the node's output.
pub const SQL_ROWS: usize = 10_000;
/// Bytes of an answer that an `sql` task reads where its `max_bytes` names no number (1 MiB).
pub const SQL_BYTES_DEFAULT: usize = 1024 * 1024;
/// Most bytes of an answer that an `sql` task may ask for, and of one value in SQLite (4 MiB).
pub const SQL_BYTES: usize = 4 * 1024 * 1024;
/// Longest time until an `sql` task is connected, in milliseconds.
pub const SQL_CONNECT_MS: u64 = 10_000;
/// How long an `sql` task waits for a SQLite file that another is writing, in milliseconds.
pub const SQL_BUSY_MS: u64 = 5_000;
/// Statements of `sql` tasks that run at a time in one server where the operator names no number: each is a connection of its own.
pub const SQL_SLOTS: usize = 8;
/// Items that one step starts; the others follow in steps of their own, so that no lane waits for a long list.
pub const ITEMS_PER_STEP: usize = 1_000;
/// Recipients of one mail of an `email` task, copies included.
pub const EMAIL_RECIPIENTS: usize = 50;
/// Attachments of one mail.
pub const EMAIL_ATTACHMENTS: usize = 20;
/// Bytes of a mail's subject: a line of RFC 5322.
pub const EMAIL_SUBJECT_BYTES: usize = 998;
/// Bytes of an address with its name: 320 of the address (RFC 3696) and a name.
pub const EMAIL_ADDRESS_BYTES: usize = 640;
/// Longest time until a mail server answers a step, in milliseconds.
pub const EMAIL_ANSWER_MS: u64 = 20_000;
/// Characters of a mail server's answer that are kept.
pub const EMAIL_ANSWER_CHARS: usize = 500;
/// Mails of `email` tasks that are on their way at a time in one server where the operator names no number: mail servers
/// count connections.
pub const EMAIL_SLOTS: usize = 4;
/// Memory of a script that names none, in MiB.
pub const SCRIPT_MEMORY_MB_DEFAULT: u64 = 64;
/// Most memory that a script may ask for, in MiB.
pub const SCRIPT_MEMORY_MB: u64 = 256;
/// Address space of a script's process beyond that, in MiB: the engine's own, and the answer.
pub const SCRIPT_OVERHEAD_MB: u64 = 48;
/// Processor time of a script that names none, in milliseconds.
pub const SCRIPT_CPU_MS_DEFAULT: u64 = 250;
/// Most processor time that a script may ask for, in milliseconds.
pub const SCRIPT_CPU_MS: u64 = 10_000;
/// Time by the clock for a script's process, in milliseconds, beyond its processor time: on a busy machine it waits for its turn.
pub const SCRIPT_START_MS: u64 = 10_000;
/// Time by the clock for each unit of a script's processor time: the machine has others to serve.
pub const SCRIPT_WALL_FACTOR: u64 = 4;
/// Stack of a script, in bytes.
pub const SCRIPT_STACK_BYTES: usize = 512 * 1024;
/// Bytes of a script's source.
pub const SCRIPT_SOURCE_BYTES: usize = 256 * 1024;
/// Bytes of a script's result as JSON.
pub const SCRIPT_RESULT_BYTES: usize = 256 * 1024;
/// Bytes of the answer of a script's process: the result, quoted once more at worst, and its log lines.
pub const SCRIPT_ANSWER_BYTES: usize = 1024 * 1024;
/// Lines that one script may log.
pub const SCRIPT_LOG_LINES: usize = 100;
/// Characters of a message that a script throws.
pub const SCRIPT_MESSAGE_CHARS: usize = 2_000;
/// Bytes of an error code that a script throws.
pub const SCRIPT_CODE_BYTES: usize = 64;
/// Scripts that run at a time in one server where the operator names no number: each is a process.
pub const SCRIPT_SLOTS: usize = 4;
/// How long an answer to a door of another server is kept, in milliseconds: it asks every few milliseconds, and gives up long before.
pub const REPLY_KEPT_MS: i64 = 600_000;
/// How deep workflows may call each other: a workflow that calls itself for ever must end.
pub const CALL_DEPTH: u32 = 64;
/// How long a message that may not wait is offered to those who wait now, in milliseconds: as long as it takes to look.
pub const AT_ONCE_MS: i64 = 5_000;
/// Parcels that a lane reads from its inbox at a time.
pub const INBOX_PAGE: u32 = 500;
/// Pairs and permits that one look of the net beneath the post may make.
pub const SWEEP_PAGE: u32 = 500;
/// Built-in tasks that run at a time in one server where the operator names no number: most of them wait for others, not for a core.
pub const WORKER_SLOTS: usize = 256;
/// Users, groups and roles that may be asked to do one task, together: each is a row beside the task.
pub const HUMAN_CANDIDATES: usize = 100;
/// Bytes of a form that is half filled in: each time it is saved it is written to the journal, whole.
pub const HUMAN_DRAFT_BYTES: usize = 64 * 1024;
/// Characters of a task's title that lists show.
pub const HUMAN_TITLE_CHARS: usize = 500;
/// Tasks for people that are counted before a count says only that there are at least so many.
pub const HUMAN_COUNT: u64 = 1_000;
/// Bytes of the reason of a pause: a sentence or two.
pub const PAUSE_REASON_BYTES: usize = 1_000;
/// Requests that may be under way where the operator names no number: each takes a few kilobytes while it waits.
pub const ADMISSION_REQUESTS: usize = 20_000;
/// How long an accepted request may wait for its commit where the operator names no number, in milliseconds: a batch of 1,000 starts by one
/// workspace must fit in on a slow machine that has just begun.
pub const ADMISSION_LATENCY_MS: u64 = 5_000;
/// Executions that ended are counted by the hour, in milliseconds.
pub const TALLY_MS: i64 = 3_600_000;
/// How far the hot row of a running instance, what lists show of it, may lie behind its journal, in milliseconds: soon enough for eyes,
/// seldom enough that a step need not pay for it.
pub const HEAD_LAG_MS: i64 = 1_000;
/// Requests that may be under way however slow the disk is: what they take is what admission is measured by.
pub const ADMISSION_LEAST: usize = 128;
/// Messages of a round below which its time is that of the flush and tells nothing of the price of one more.
pub const ADMISSION_ROUND: usize = 64;
/// One start in so many goes to a lower class in its turn: a price of an eighth that nobody starves.
pub const AGEING_TURN: u64 = 8;
/// A window of the scheduler's feedback, in milliseconds: what was used two windows ago is forgotten.
pub const FEEDBACK_WINDOW_MS: u64 = 10_000;
/// Milliseconds of slots (a start counts as one at least) that an instance may use lately before it sinks by one, two, three levels:
/// a short task or a handful of steps never sinks.
pub const FEEDBACK_INSTANCE: [u64; 3] = [200, 2_000, 20_000];
/// The same for a workflow with all its instances: about 1, 5 and 25 % of what 256 slots give in a window.
pub const FEEDBACK_WORKFLOW: [u64; 3] = [25_000, 125_000, 625_000];
/// The least time between an instance's last event and its deletion, in milliseconds, however short its retention: who waits for its end still
/// finds it, and a change of it that is on its way is seen (docs/adr/0020).
pub const RETENTION_QUIET_MS: i64 = 60_000;
/// How often ended instances are looked for whose time is over, in milliseconds: retention is a matter of days.
pub const RETENTION_PERIOD_MS: u64 = 60_000;
/// Ended instances that one transaction of retention looks at.
pub const RETENTION_PAGE: u64 = 200;
/// Rows of history that one transaction of retention deletes: tens of milliseconds, in which SQLite takes no other write.
pub const RETENTION_ROWS: u64 = 5_000;
