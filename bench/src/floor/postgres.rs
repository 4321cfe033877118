//! Writers on Postgres: per batch one statement, one transaction.

use anyhow::{Context, Result};
use heddle_testkit::Postgres;
use tokio_postgres::{Client, NoTls, Statement};

use super::log::{Log, Queue, Transition, newest};

const TABLES: &str = "
    CREATE TABLE instance (id bigint PRIMARY KEY, seq int NOT NULL, state jsonb NOT NULL, updated_at timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 70);
    CREATE TABLE event (instance_id bigint NOT NULL, seq int NOT NULL, kind smallint NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (instance_id, seq));
    CREATE TABLE node_instance (instance_id bigint NOT NULL, seq int NOT NULL, node text NOT NULL, status smallint NOT NULL, output jsonb, ended_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (instance_id, seq))";

const WRITE: &str = "
    WITH i AS (INSERT INTO instance (id, seq, state) SELECT * FROM unnest($1::int8[], $2::int4[], $3::text[]::jsonb[])
               ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, updated_at = now())
    INSERT INTO event (instance_id, seq, kind, payload) SELECT * FROM unnest($4::int8[], $5::int4[], $6::int2[], $7::text[]::jsonb[])";

const WRITE_WITH_NODES: &str = "
    WITH i AS (INSERT INTO instance (id, seq, state) SELECT * FROM unnest($1::int8[], $2::int4[], $3::text[]::jsonb[])
               ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, updated_at = now()),
         n AS (INSERT INTO node_instance (instance_id, seq, node, status, output)
               SELECT id, seq, 'n' || kind, 3, payload FROM unnest($4::int8[], $5::int4[], $6::int2[], $7::text[]::jsonb[]) AS t(id, seq, kind, payload))
    INSERT INTO event (instance_id, seq, kind, payload) SELECT * FROM unnest($4::int8[], $5::int4[], $6::int2[], $7::text[]::jsonb[])";

/// A database of its own with empty tables, and so many writers on it.
pub(super) async fn open(server: &Postgres, writers: usize, node_rows: bool) -> Result<Log> {
    let database = server.database()?;
    connect(&database.url).await?.batch_execute(TABLES).await?;
    let (log, queues) = Log::new(writers);
    for queue in queues {
        let client = connect(&database.url).await?;
        let statement = client.prepare(if node_rows { WRITE_WITH_NODES } else { WRITE }).await?;
        tokio::spawn(write(client, statement, queue));
    }
    Ok(log)
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("connecting to the floor's database")?;
    tokio::spawn(connection);
    Ok(client)
}

async fn write(client: Client, statement: Statement, mut queue: Queue) {
    let mut batch = Vec::new();
    while queue.take(&mut batch).await {
        if let Err(error) = commit(&client, &statement, &batch).await {
            eprintln!("the floor's writer gives up: {error}");
            return;
        }
        queue.committed(&mut batch);
    }
}

async fn commit(client: &Client, statement: &Statement, batch: &[Transition]) -> Result<(), tokio_postgres::Error> {
    let rows = newest(batch);
    let ids: Vec<i64> = rows.iter().map(|r| r.0).collect();
    let (seqs, states): (Vec<i32>, Vec<&str>) = rows.iter().map(|r| (r.1, r.2)).unzip();
    let instances: Vec<i64> = batch.iter().map(|t| t.instance).collect();
    let events: Vec<i32> = batch.iter().map(|t| t.seq).collect();
    let kinds: Vec<i16> = batch.iter().map(|t| t.kind).collect();
    let payloads: Vec<&str> = batch.iter().map(|t| t.payload.as_str()).collect();
    client.execute(statement, &[&ids, &seqs, &states, &instances, &events, &kinds, &payloads]).await.map(drop)
}
