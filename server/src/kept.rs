//! Small files that the server makes once in its data folder and keeps: its secret key, its name.

use anyhow::Context;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The text of such a file, made where it is missing, for the owner's eyes only.
///
/// It appears whole: a server that is killed while it makes one must find either nothing or all of it when it starts again.
pub(crate) fn kept(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<String> {
    if let Some(text) = read(path)? {
        return Ok(text);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let part = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
    let placed = write(&part, &make()).and_then(|()| place(&part, path));
    let _ = std::fs::remove_file(&part);
    placed.with_context(|| format!("cannot make {}", path.display()))?;
    // Of several that start at once, one's file stands.
    read(path)?.with_context(|| format!("{} is empty", path.display()))
}

/// Nothing where there is no file, or one that an unfinished start has left empty.
fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Gives the finished file its name, unless another one has it; an empty one gives way.
fn place(part: &Path, path: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(part, path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => match std::fs::metadata(path)?.len() {
            0 => std::fs::rename(part, path),
            _ => Ok(()),
        },
        // Some file systems know no links.
        Err(_) => std::fs::rename(part, path),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/name");
        assert_eq!(kept(&path, || "one".into()).unwrap(), "one");
        assert_eq!(kept(&path, || "two".into()).unwrap(), "one");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn an_empty_one_from_a_start_that_was_cut_off_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        std::fs::write(&path, "").unwrap();
        assert_eq!(kept(&path, || "one".into()).unwrap(), "one");
        assert_eq!(kept(&path, || "two".into()).unwrap(), "one");
    }

    #[test]
    fn of_many_that_start_at_once_one_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        // The real case is many processes; within one, each needs a part of its own.
        let names: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                let (part, path) = (folder.path().join(format!("part-{name}")), &path);
                scope.spawn(move || write(&part, name).and_then(|()| place(&part, path)).unwrap());
            }
        });
        let first = kept(&path, || "late".into()).unwrap();
        assert!(names.contains(&first), "{first}");
        assert_eq!(kept(&path, || "later".into()).unwrap(), first);
    }

    #[test]
    fn what_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        std::fs::create_dir(&path).unwrap();
        assert!(kept(&path, || "one".into()).unwrap_err().to_string().contains("name"));
    }
}
