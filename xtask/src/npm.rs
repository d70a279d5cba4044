//! Programs that npm brings: one pinned version of each, installed below `target` where it is missing.

use std::path::Path;
use std::process::Command;

use crate::run;

/// Without a network this is over in seconds.
const QUIETLY: [&str; 6] = [
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
];

/// Installs a version of a package into a directory unless its program is there, and says whether it is there now.
pub(crate) fn provide(program: &Path, directory: &Path, package: &str, version: &str) -> bool {
    if program.is_file() {
        return true;
    }
    let arguments = arguments(directory, package, version);
    println!("{} is not installed; running `npm {}`", program.display(), arguments.join(" "));
    let mut npm = run::program("npm", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    is_installed_by(&mut npm, program)
}

/// Returns what npm says that an installed package is, by its hash.
pub(crate) fn integrity(directory: &Path, package: &str) -> Option<String> {
    integrity_in(&std::fs::read_to_string(directory.join("node_modules/.package-lock.json")).ok()?, package)
}

fn integrity_in(lock: &str, package: &str) -> Option<String> {
    let lock: serde_json::Value = serde_json::from_str(lock).ok()?;
    lock["packages"][format!("node_modules/{package}")]["integrity"].as_str().map(str::to_owned)
}

/// What npm says goes where our words go; whether it is right about its success is looked up.
fn is_installed_by(npm: &mut Command, program: &Path) -> bool {
    npm.status().is_ok_and(|status| status.success()) && program.is_file()
}

fn arguments(directory: &Path, package: &str, version: &str) -> Vec<String> {
    let fixed = ["install".to_owned(), "--ignore-scripts".to_owned(), "--prefix".to_owned()];
    let what = [directory.display().to_string(), format!("{package}@{version}")];
    fixed.into_iter().chain(what).chain(QUIETLY.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_of_one_package_is_installed_and_none_of_its_scripts_run() {
        let typed = arguments(Path::new("/t/agent"), "@a/agent", "2.1").join(" ");
        assert!(typed.starts_with("install --ignore-scripts --prefix /t/agent @a/agent@2.1 "), "{typed}");
    }

    #[test]
    fn what_was_installed_is_known_by_its_hash() {
        let lock = r#"{"packages":{"node_modules/@a/agent":{"version":"2.1","integrity":"sha512-x=="}}}"#;
        assert_eq!(integrity_in(lock, "@a/agent").as_deref(), Some("sha512-x=="));
        assert_eq!((integrity_in(lock, "@a/other"), integrity_in("broken", "@a/agent")), (None, None));
        assert_eq!(integrity(Path::new("/no/such/place"), "@a/agent"), None);
    }

    #[test]
    fn an_installer_that_is_not_there_installs_nothing() {
        assert!(!is_installed_by(&mut Command::new("no-such-program"), Path::new("/")));
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        assert!(provide(&run::root().join("Cargo.toml"), Path::new("/"), "none", "0"));
    }
}
