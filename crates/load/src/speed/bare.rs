//! What store and listener can do at all.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use tokio_postgres::NoTls;

use super::{Latencies, rate};
use crate::cluster::Cluster;
use crate::store::Store;

/// How long each limit is measured.
const SPAN: Duration = Duration::from_secs(3);

/// So many at once.
const CROWD: usize = 32;

/// Adds a row for each limit.
pub(super) async fn measure(cluster: &Cluster, rows: &mut Vec<(String, String)>) -> Result<()> {
    match &cluster.store {
        Store::Sqlite(path) => {
            let bare = path.with_file_name("bare.db");
            let measured = tokio::task::spawn_blocking(move || file(&bare)).await??;
            rows.extend(measured);
        }
        Store::Postgres(_) => {
            let address = cluster.store.address().context("an address")?;
            for submitters in [1, CROWD] {
                let (rate, latencies) = server(&address, submitters).await?;
                rows.push((limit(submitters), format!("{rate:.0}/s, {latencies}")));
            }
        }
    }
    let began = Instant::now();
    let asking = (0..CROWD).map(|asker| async move {
        let node = cluster.nodes.get(asker % cluster.nodes.len()).context("no node")?;
        let mut latencies = Latencies::default();
        while began.elapsed() < SPAN {
            let asked = Instant::now();
            anyhow::ensure!(node.api().is_alive().await, "`/health` does not answer");
            latencies.add(asked.elapsed());
        }
        Ok(latencies)
    });
    let mut all = Latencies::default();
    try_join_all(asking).await?.into_iter().for_each(|latencies| all.extend(latencies));
    let rate = rate(all.count(), began.elapsed());
    rows.push((
        format!("bare limit: `GET /health`, {CROWD} at once"),
        format!("{rate:.0}/s, {all}"),
    ));
    Ok(())
}

/// What is measured with so many at once.
fn limit(at_once: usize) -> String {
    match at_once {
        1 => "bare limit: durable commits of one row".to_owned(),
        many => format!("the same, {many} at once (SQLite: {many} rows in a commit)"),
    }
}

/// One inserted row a commit, each submitter on a connection of its own.
async fn server(address: &str, submitters: usize) -> Result<(f64, Latencies)> {
    let mut clients = Vec::new();
    for _ in 0..submitters {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("CREATE TABLE IF NOT EXISTS bare_limit (number BIGINT)").await?;
        let insert = client.prepare("INSERT INTO bare_limit VALUES ($1)").await?;
        clients.push((client, insert));
    }
    let began = Instant::now();
    let submitting = clients.into_iter().map(|(client, insert)| async move {
        let mut latencies = Latencies::default();
        while began.elapsed() < SPAN {
            let submitted = Instant::now();
            client.execute(&insert, &[&1_i64]).await?;
            latencies.add(submitted.elapsed());
        }
        Ok::<_, tokio_postgres::Error>(latencies)
    });
    let mut all = Latencies::default();
    try_join_all(submitting).await?.into_iter().for_each(|latencies| all.extend(latencies));
    Ok((rate(all.count(), began.elapsed()), all))
}

/// One row a commit, and as many rows in one commit as there would be submitters.
fn file(path: &Path) -> Result<Vec<(String, String)>> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute("CREATE TABLE bare_limit (number INTEGER)", [])?;
    let mut rows = Vec::new();
    for together in [1, CROWD] {
        let began = Instant::now();
        let mut latencies = Latencies::default();
        while began.elapsed() < SPAN {
            let submitted = Instant::now();
            let work = connection.transaction()?;
            for _ in 0..together {
                work.prepare_cached("INSERT INTO bare_limit VALUES (1)")?.execute([])?;
            }
            work.commit()?;
            latencies.add(submitted.elapsed());
        }
        let rate = rate(latencies.count() * together, began.elapsed());
        rows.push((limit(together), format!("{rate:.0}/s, {latencies}")));
    }
    Ok(rows)
}
