//! Configuration: `heddle.toml`, then `HEDDLE_*` variables, then flags; the same names everywhere (docs/api, Running the server).

use crate::extract::Network;
use crate::kept::kept;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use heddle_engine::scheduler::{AdmissionLimits, Limits};
use heddle_model::format::duration;
use heddle_service::SecretKey;
use heddle_tasks::TasksConfig;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Flags; clap reads the variables beside them.
#[derive(Args, Default, Clone)]
pub struct Flags {
    /// The configuration file; `heddle.toml` in the working directory where absent.
    #[arg(long, env = "HEDDLE_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:3000].
    #[arg(long, env = "HEDDLE_LISTEN", global = true)]
    listen: Option<SocketAddr>,
    /// sqlite://… or postgres://… [default: sqlite://data/heddle.db?mode=rwc].
    #[arg(long, env = "HEDDLE_DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// Folder for the embedded database and the secret key [default: data].
    #[arg(long, env = "HEDDLE_DATA_DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// What is logged: a level, or targets with levels [default: info].
    #[arg(long, env = "HEDDLE_LOG", global = true)]
    log: Option<String>,
    /// How it is logged [default: text].
    #[arg(long, env = "HEDDLE_LOG_FORMAT", value_enum, global = true)]
    log_format: Option<LogFormat>,
    /// Creates the first administrator under this name.
    #[arg(long, env = "HEDDLE_ADMIN_USER", global = true)]
    admin_user: Option<String>,
    #[arg(long, env = "HEDDLE_ADMIN_PASSWORD", hide_env_values = true, hide = true, global = true)]
    admin_password: Option<String>,
    #[arg(long, env = "HEDDLE_SECRET_KEY", hide_env_values = true, hide = true, global = true)]
    secret_key: Option<String>,
    /// Stable name of this server; kept in the data folder where absent.
    #[arg(long, env = "HEDDLE_NODE_NAME", global = true)]
    node_name: Option<String>,
    /// Address of a CDN in front of the static files.
    #[arg(long, env = "HEDDLE_ASSET_URL", global = true)]
    asset_url: Option<String>,
    /// Addresses or networks of reverse proxies whose X-Forwarded-* headers are believed, separated by commas.
    #[arg(long, env = "HEDDLE_TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    trusted_proxies: Option<Vec<String>>,
    /// How long ended instances are kept whose workflow says nothing, such as 90d [default: for ever].
    #[arg(long, env = "HEDDLE_RETENTION", global = true)]
    retention: Option<String>,
    /// Lets open pages load anew when the server has started again; `cargo xtask dev` sets it.
    #[arg(long, env = "HEDDLE_RELOAD_PAGES", hide = true, global = true)]
    reload_pages: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// What the file may hold.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    admin_user: Option<String>,
    admin_password: Option<String>,
    secret_key: Option<String>,
    node_name: Option<String>,
    asset_url: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    retention: Option<String>,
    tasks: TasksConfig,
    scheduler: Limits,
    admission: AdmissionLimits,
}

/// The whole configuration.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Which database.
    pub database_url: String,
    /// Folder for what the server keeps itself.
    pub data_dir: PathBuf,
    /// What is logged.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Name and password of the first administrator.
    pub admin: Option<(String, String)>,
    /// Where static files are fetched from; empty: here.
    pub asset_url: String,
    /// Whether open pages load anew when the server has started again: for development.
    pub reload_pages: bool,
    pub(crate) trusted_proxies: Vec<Network>,
    /// How long ended instances are kept whose workflow says nothing, in milliseconds; `None`: for ever.
    pub retention: Option<u64>,
    /// What the operator sets about task types.
    pub tasks: TasksConfig,
    /// Slots, rates and shares of built-in tasks.
    pub scheduling: Limits,
    /// When requests are refused.
    pub admission: AdmissionLimits,
    secret_key: Option<String>,
    node_name: Option<String>,
}

impl Config {
    /// Puts file, variables and flags together.
    pub fn load(flags: Flags) -> anyhow::Result<Self> {
        let file = read_file(flags.config.as_deref())?;
        let data_dir = flags.data_dir.or(file.data_dir).unwrap_or_else(|| PathBuf::from("data"));
        let database_url = flags
            .database_url
            .or(file.database_url)
            .unwrap_or_else(|| format!("sqlite://{}?mode=rwc", data_dir.join("heddle.db").display()));
        let admin = match (flags.admin_user.or(file.admin_user), flags.admin_password.or(file.admin_password)) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => bail!("HEDDLE_ADMIN_USER and HEDDLE_ADMIN_PASSWORD belong together; set both or none"),
        };
        let proxies = flags.trusted_proxies.or(file.trusted_proxies).unwrap_or_default();
        let trusted_proxies = proxies
            .iter()
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse().map_err(|()| {
                    anyhow::anyhow!(
                        "HEDDLE_TRUSTED_PROXIES: `{text}` is not an address or a network such as 10.0.0.0/8"
                    )
                })
            })
            .collect::<anyhow::Result<_>>()?;
        let retention = flags.retention.or(file.retention).map(|text| {
            duration::parse(&text).with_context(|| {
                format!("HEDDLE_RETENTION: `{text}` is not a duration such as 90d or 36h; leave it out to keep instances for ever")
            })
        });
        file.scheduler.check().context("[scheduler] of heddle.toml")?;
        Ok(Self {
            listen: flags.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000))),
            database_url,
            data_dir,
            log: flags.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
            admin,
            asset_url: flags.asset_url.or(file.asset_url).unwrap_or_default().trim_end_matches('/').to_owned(),
            reload_pages: flags.reload_pages,
            trusted_proxies,
            retention: retention.transpose()?,
            tasks: file.tasks,
            scheduling: file.scheduler,
            admission: file.admission,
            secret_key: flags.secret_key.or(file.secret_key),
            node_name: flags.node_name.or(file.node_name),
        })
    }

    /// Sign-ins in plain text may only travel inside this machine, or to a proxy that speaks TLS for us.
    pub fn check_listen(&self) -> anyhow::Result<()> {
        if self.listen.ip().is_loopback() || !self.trusted_proxies.is_empty() {
            return Ok(());
        }
        bail!(
            "refusing to serve plain HTTP on {}: passwords would travel in plain text. Listen on 127.0.0.1, or put a reverse proxy with TLS in front and name it in HEDDLE_TRUSTED_PROXIES",
            self.listen
        )
    }

    /// The secret key: configured, or kept in the data folder, where it is made once.
    pub(crate) fn secret(&self) -> anyhow::Result<SecretKey> {
        let path = self.data_dir.join("secret.key");
        let (text, place) = match &self.secret_key {
            Some(text) => (text.clone(), "HEDDLE_SECRET_KEY".to_owned()),
            None => (kept(&path, SecretKey::generate)?, path.display().to_string()),
        };
        SecretKey::from_hex(&text).with_context(|| format!("{place} must hold 32 bytes as 64 hex digits"))
    }

    /// The server's stable name: configured, or kept in the data folder.
    pub(crate) fn node_name(&self) -> anyhow::Result<String> {
        match &self.node_name {
            Some(name) => Ok(name.clone()),
            None => kept(&self.data_dir.join("node-name"), || format!("node-{}", &SecretKey::generate()[..12])),
        }
    }
}

fn read_file(named: Option<&Path>) -> anyhow::Result<File> {
    let path = named.unwrap_or_else(|| Path::new("heddle.toml"));
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("{} cannot be read", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn config(flags: Flags) -> anyhow::Result<Config> {
        Config::load(Flags { config: Some(PathBuf::from("/dev/null")), ..flags })
    }

    #[test]
    fn defaults_are_those_of_the_docs() {
        let config = config(Flags::default()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(config.database_url, "sqlite://data/heddle.db?mode=rwc");
    }

    #[test]
    fn plain_http_stays_on_the_loopback_unless_a_proxy_is_trusted() {
        let open = Flags { listen: Some("0.0.0.0:3000".parse().unwrap()), ..Flags::default() };
        assert!(
            config(open.clone()).unwrap().check_listen().unwrap_err().to_string().contains("HEDDLE_TRUSTED_PROXIES")
        );
        assert!(
            config(Flags { trusted_proxies: Some(vec!["10.0.0.0/8".into()]), ..open }).unwrap().check_listen().is_ok()
        );
        assert!(
            config(Flags { listen: Some("[::1]:0".parse().unwrap()), ..Flags::default() })
                .unwrap()
                .check_listen()
                .is_ok()
        );
    }

    #[test]
    fn flags_win_over_the_file_and_unknown_names_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heddle.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:4000\"\nlog = \"warn\"\n").unwrap();
        let flags = Flags { config: Some(path.clone()), log: Some("debug".into()), ..Flags::default() };
        let config = Config::load(flags.clone()).unwrap();
        assert_eq!((config.listen.port(), config.log.as_str()), (4000, "debug"));
        std::fs::write(&path, "lisen = \"127.0.0.1:4000\"\n").unwrap();
        assert!(Config::load(flags).is_err());
    }

    #[test]
    fn retention_is_for_ever_unless_it_is_a_duration() {
        let with = |text: &str| config(Flags { retention: Some(text.into()), ..Flags::default() });
        assert_eq!(config(Flags::default()).unwrap().retention, None);
        assert_eq!(with("90d").unwrap().retention, Some(90 * 24 * 3_600 * 1_000));
        // A number alone could be days or seconds: what is deleted by mistake does not come back.
        for wrong in ["90", "", "soon"] {
            assert!(with(wrong).err().unwrap().to_string().contains("HEDDLE_RETENTION"), "{wrong}");
        }
    }

    #[test]
    fn limits_of_the_scheduler_are_read_and_nonsense_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heddle.toml");
        let load = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Config::load(Flags { config: Some(path.clone()), ..Flags::default() })
        };
        let workspace = heddle_model::ids::WorkspaceId::from_u128(7);
        let text = format!(
            "[scheduler]\nslots = 64\n[scheduler.types.http]\nslots = 16\nrate = {{ per_second = 50, burst = 100 }}\n\
             workspace_rate = {{ per_second = 0.5 }}\n[scheduler.workspaces.{workspace}]\nweight = 3\nrates.http = {{ per_second = 5 }}\n"
        );
        let limits = load(&text).unwrap().scheduling;
        assert_eq!(
            (limits.slots, limits.types["http"].slots, limits.types["http"].rate.unwrap().burst),
            (64, Some(16), 100)
        );
        assert_eq!(limits.types["http"].workspace_rate.unwrap().per_second, 0.5);
        assert_eq!((limits.workspaces[&workspace].weight, limits.workspaces[&workspace].rates["http"].burst), (3, 1));
        for wrong in
            ["slots = 0", "slts = 1", "types.http.rate = { per_second = 0 }", "types.http.rate = { burst = 3 }"]
        {
            let error = load(&format!("[scheduler]\n{wrong}\n")).err().unwrap();
            assert!(format!("{error:#}").contains("heddle.toml"), "{wrong}: {error:#}");
        }
    }

    #[test]
    fn the_secret_key_is_made_once_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let config = config(Flags { data_dir: Some(folder.path().join("data")), ..Flags::default() }).unwrap();
        config.secret().unwrap();
        let path = folder.path().join("data/secret.key");
        let first = std::fs::read_to_string(&path).unwrap();
        config.secret().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(config.node_name().unwrap(), config.node_name().unwrap());
        std::fs::write(&path, "short").unwrap();
        assert!(config.secret().err().unwrap().to_string().contains("secret.key"), "the file is named");
    }
}
