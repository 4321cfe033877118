//! Fills a database with copies of instances that really ran. A copy's rows are those that the engine wrote; its ids differ from the
//! original's in their time only, so that its shard is the same.

use anyhow::{Context, Result, ensure};

use crate::figures::Place;
use crate::stage::Stage;

/// What belongs to an instance, those first that others refer to.
const TABLES: [&str; 5] = ["workflow_instance", "journal", "node_instance", "subscription", "timer"];
/// Far from every place in a shard that the originals have, and from those of other copies.
const PLACES_PER_COPY: u64 = 100_000;

/// Copies every instance of a workflow that was made by the engine, so often. No server may run meanwhile. `round` keeps calls apart.
pub(super) fn fill(stage: &Stage<'_>, workflow: &str, (copies, round): (u64, u64)) -> Result<()> {
    ensure!(stage.servers.is_empty(), "a server runs while its database is filled");
    // The time of every copy lies long before the first original's.
    let (first, end) = (round * 10_000_000, round * 10_000_000 + copies);
    let series = match stage.place {
        Place::Postgres => format!("WITH k (n) AS (SELECT generate_series({}, {end}))", first + 1),
        Place::Sqlite => {
            // Of nothing: no row, not one.
            format!(
                "WITH RECURSIVE k (n) AS (SELECT {} WHERE {first} < {end} UNION ALL SELECT n + 1 FROM k WHERE n < {end})",
                first + 1
            )
        }
    };
    for table in TABLES {
        let names = columns(stage, table)?;
        let values: Vec<String> = names.iter().map(|name| value(stage.place, table, name)).collect();
        // Copies of earlier calls are not copied again.
        let owner = if table == "workflow_instance" { "id" } else { "instance_id" };
        let original = format!(
            "{owner} IN (SELECT i.id FROM workflow_instance i JOIN workflow w ON w.id = i.workflow_id WHERE w.name = '{workflow}' AND {})",
            original(stage.place, "i.id")
        );
        let (names, values) = (names.join(", "), values.join(", "));
        stage
            .sql(&format!(
                "{series} INSERT INTO {table} ({names}) SELECT {values} FROM {table} CROSS JOIN k WHERE {original}"
            ))
            .with_context(|| format!("filling {table}"))?;
    }
    stage.analyze()
}

/// The columns of a table as the database has them: what a later change adds is copied too.
fn columns(stage: &Stage<'_>, table: &str) -> Result<Vec<String>> {
    let text = stage.sql(&match stage.place {
        Place::Postgres => {
            format!("SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' AND table_schema = current_schema() ORDER BY ordinal_position")
        }
        // A key that SQLite gives by itself is not copied.
        Place::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') WHERE name <> 'row'"),
    })?;
    let names: Vec<String> = text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    ensure!(!names.is_empty(), "there is no table {table}");
    Ok(names)
}

fn value(place: Place, table: &str, column: &str) -> String {
    let is_id = column == "instance_id" || (table == "workflow_instance" && column == "id");
    match (is_id, column, place) {
        (true, _, Place::Postgres) => {
            format!(
                "(lpad(to_hex(1500000000000 + k.n), 12, '0') || substr(replace({column}::text, '-', ''), 13))::uuid"
            )
        }
        (true, _, Place::Sqlite) => format!("unhex(printf('%012x', 1500000000000 + k.n) || substr(hex({column}), 13))"),
        (false, "pos", _) => format!("pos + k.n * CAST({PLACES_PER_COPY} AS BIGINT)"),
        _ => column.to_owned(),
    }
}

/// Made by the engine: its time is not one of [`value`]'s.
fn original(place: Place, owner: &str) -> String {
    // 1600000000000 in hexadecimal begins an id of September 2020.
    match place {
        Place::Postgres => format!("{owner} > '0174876e-8000-0000-0000-000000000000'::uuid"),
        Place::Sqlite => format!("{owner} > x'0174876e800000000000000000000000'"),
    }
}
