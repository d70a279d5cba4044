//! Hooks into a file and out again, with everything a home directory can have in a file's place.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use agents::claude_code::install::{InstallError, Installed, Program, Uninstalled, find, install, uninstall};
use agents::claude_code::settings::{EVENTS, Registration};
use rustix::fs::{CWD, FileType, mknodat};
use tempfile::TempDir;

use crate::varied::{Dice, EDITABLE, text};

fn ours() -> Registration {
    Registration::new(Path::new("/opt/rutter-hook"), None).unwrap()
}

fn moved() -> Registration {
    Registration::new(Path::new("/srv/rutter-hook"), None).unwrap()
}

/// A home with a directory for the client and one of ours.
struct Place {
    _whole: TempDir,
    home: PathBuf,
    settings: PathBuf,
    keep: PathBuf,
}

impl Place {
    fn new() -> Self {
        let whole = tempfile::tempdir().unwrap();
        let home = whole.path().join("home");
        fs::create_dir_all(home.join(".claude")).unwrap();
        let home = fs::canonicalize(home).unwrap();
        let (settings, keep) = (home.join(".claude/settings.json"), whole.path().join("rutter/settings"));
        Self { _whole: whole, home, settings, keep }
    }

    fn with(text: &str) -> Self {
        let place = Self::new();
        fs::write(&place.settings, text).unwrap();
        place
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.settings).unwrap()
    }

    fn install(&self) -> Result<Installed, InstallError> {
        install(&self.settings, &ours(), &self.keep)
    }

    fn uninstall(&self) -> Result<Uninstalled, InstallError> {
        uninstall(&self.settings, &self.keep)
    }

    /// Returns everything below the home: what it is, its mode, what is in it.
    fn tree(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut tree = BTreeMap::new();
        let mut waiting = vec![self.home.clone()];
        while let Some(path) = waiting.pop() {
            let found = fs::symlink_metadata(&path).unwrap();
            let content = match () {
                () if found.is_symlink() => fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec(),
                () if found.is_file() => fs::read(&path).unwrap(),
                () => Vec::new(),
            };
            if found.is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            tree.insert(path, (found.mode(), content));
        }
        tree
    }

    fn kept(&self) -> usize {
        fs::read_dir(&self.keep).map_or(0, Iterator::count)
    }
}

/// Puts something where the settings are looked for; returns whether it can be changed.
fn put(place: &Place, dice: &mut Dice) -> bool {
    let path = &place.settings;
    let write = |dice: &mut Dice, path: &Path| fs::write(path, text(dice)).unwrap();
    let mode = |mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let kind = dice.below(26);
    match kind {
        0 => {}
        1 => fs::remove_dir(place.home.join(".claude")).unwrap(),
        2 => fs::create_dir(path).unwrap(),
        3 => mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).unwrap(),
        4 => fs::write(path, dice.of(&["{", "{\"a\": 1,}", "// why\n{}", "[]", "{\"hooks\": []}", "{\"hooks\": {\"Stop\": 1}}"])).unwrap(),
        5 => fs::write(path, [b'{', 0xff, b'}']).unwrap(),
        6 => symlink("nothing/there.json", path).unwrap(),
        7 => {
            write(dice, path);
            fs::hard_link(path, place.home.join("other")).unwrap();
        }
        8 => {
            write(dice, path);
            mode(dice.of(&[0o444, 0o400]));
        }
        9 => {
            fs::remove_dir(place.home.join(".claude")).unwrap();
            fs::write(place.home.join(".claude"), "in the way").unwrap();
        }
        10 => {
            fs::rename(place.home.join(".claude"), place.home.join("elsewhere")).unwrap();
            symlink("elsewhere", place.home.join(".claude")).unwrap();
            if dice.is(2) {
                write(dice, path);
            }
        }
        11..=13 => {
            fs::create_dir(place.home.join("dotfiles")).unwrap();
            write(dice, &place.home.join("dotfiles/claude.json"));
            symlink("../dotfiles/claude.json", path).unwrap();
        }
        _ => {
            write(dice, path);
            mode(dice.of(&[0o600, 0o644, 0o664, 0o755, 0o640]));
        }
    }
    !(2..=9).contains(&kind)
}

#[test]
fn s12_a_thousand_rounds_leave_every_byte_or_are_refused() {
    let (mut done, mut refused, mut edited) = (0, 0, 0);
    for seed in 0..1_000 {
        let (place, mut dice) = (Place::new(), Dice::new(seed));
        let is_changeable = put(&place, &mut dice);
        let mut before = place.tree();
        if !is_changeable {
            let refusal = place.install().unwrap_err();
            assert_eq!(place.tree(), before, "round {seed}: {refusal}");
            assert_eq!(place.kept(), 0, "round {seed}: {refusal}");
            refused += 1;
            continue;
        }
        place.install().unwrap();
        assert_eq!(find(&place.settings).unwrap().missing, Vec::<&str>::new(), "round {seed}");
        let after = place.tree();
        assert_eq!(place.install().unwrap(), Installed::Already, "round {seed}");
        assert_eq!(place.tree(), after, "round {seed}");
        let text = place.text();
        if dice.is(3) && text.contains(EDITABLE) {
            fs::write(&place.settings, text.replace(EDITABLE, "\"edited\"")).unwrap();
            let original = fs::canonicalize(&place.settings).unwrap();
            let (_, content) = before.get_mut(&original).unwrap();
            *content = String::from_utf8_lossy(content).replace(EDITABLE, "\"edited\"").into_bytes();
            edited += 1;
        }
        if dice.is(4) {
            install(&place.settings, &moved(), &place.keep).unwrap();
        }
        place.uninstall().unwrap();
        assert_eq!(place.tree(), before, "round {seed}");
        assert_eq!(place.kept(), 0, "round {seed}");
        assert_eq!(place.uninstall().unwrap(), Uninstalled::Nothing, "round {seed}");
        done += 1;
    }
    println!("s12: {done} rounds undone to the byte ({edited} of them edited in between), {refused} refused and left alone");
    assert!(done > 500 && refused > 200 && edited > 50, "{done} {refused} {edited}");
}

#[test]
fn what_cannot_be_changed_says_why() {
    let reason = |place: &Place| place.install().unwrap_err();
    let place = Place::with("{}");
    fs::write(&place.settings, vec![b' '; (16 << 20) + 1]).unwrap();
    assert!(matches!(reason(&place), InstallError::TooLarge { .. }));
    fs::write(&place.settings, [0xff]).unwrap();
    assert!(matches!(reason(&place), InstallError::NotText { .. }));
    fs::write(&place.settings, "{").unwrap();
    assert!(matches!(reason(&place), InstallError::Settings { .. }));
    fs::remove_file(&place.settings).unwrap();
    symlink("nowhere", &place.settings).unwrap();
    assert!(matches!(reason(&place), InstallError::Dangling { .. }));
    fs::remove_file(&place.settings).unwrap();
    fs::create_dir(&place.settings).unwrap();
    assert!(matches!(reason(&place), InstallError::NotFile { .. }));
    fs::remove_dir(&place.settings).unwrap();
    mknodat(CWD, &place.settings, FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(matches!(reason(&place), InstallError::NotFile { .. }));
}

/// A mode is no hindrance for root, so root has somebody else do this.
#[test]
fn a_directory_that_takes_no_file_leaves_everything_as_it_was() {
    if rustix::process::geteuid().is_root() {
        return as_nobody("install::a_directory_that_takes_no_file_leaves_everything_as_it_was");
    }
    let place = Place::with("{}");
    let directory = place.settings.parent().unwrap();
    fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
    let before = place.tree();
    assert!(matches!(place.install(), Err(InstallError::File { .. })));
    assert_eq!((place.tree(), place.kept()), (before, 0));
    fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
}

#[expect(clippy::print_stdout, reason = "a test that did nothing must not look like one that passed")]
fn as_nobody(test: &str) {
    const NOBODY: u32 = 65_534;
    let program = std::env::current_exe().unwrap();
    let ran = Command::new(program).args(["--exact", test]).current_dir("/").uid(NOBODY).gid(NOBODY).output();
    match ran {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout)),
        Err(error) => println!("skipped: the tests cannot be run by another user here: {error}"),
    }
}

#[test]
fn a_directory_where_nothing_can_be_made_is_refused() {
    let place = Place::new();
    assert!(matches!(install(Path::new("/proc/self/.claude/settings.json"), &ours(), &place.keep), Err(InstallError::File { .. })));
    assert_eq!(place.kept(), 0);
}

#[test]
fn many_at_once_come_to_the_same_and_keep_the_first_bytes() {
    let place = Place::with("{ \"a\" :1}\r\n");
    for _ in 0..20 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| place.install().unwrap());
            }
        });
        assert_eq!(find(&place.settings).unwrap().handlers[0].events.len(), EVENTS.len());
        assert_eq!(place.uninstall().unwrap(), Uninstalled::Restored);
        assert_eq!(place.text(), "{ \"a\" :1}\r\n");
        assert_eq!(place.tree().len(), 3);
    }
}

#[test]
fn a_read_only_file_is_refused_and_not_uninstalled_either() {
    let place = Place::with("{}");
    place.install().unwrap();
    fs::set_permissions(&place.settings, Permissions::from_mode(0o444)).unwrap();
    let before = place.tree();
    assert!(matches!(place.uninstall(), Err(InstallError::ReadOnly { .. })));
    assert_eq!(place.tree(), before);
    fs::set_permissions(&place.settings, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(place.uninstall().unwrap(), Uninstalled::Restored);
    assert_eq!(place.text(), "{}");
}

#[test]
fn what_we_made_goes_again_unless_somebody_put_something_in() {
    let place = Place::new();
    fs::remove_dir(place.home.join(".claude")).unwrap();
    assert_eq!(place.install().unwrap(), Installed::Created);
    fs::write(place.home.join(".claude/notes"), "mine").unwrap();
    assert_eq!(place.uninstall().unwrap(), Uninstalled::Deleted);
    assert!(!place.settings.exists() && place.home.join(".claude/notes").exists());
    assert_eq!(place.install().unwrap(), Installed::Created);
    fs::write(&place.settings, place.text().replacen('{', "{\"model\": 1, ", 1)).unwrap();
    assert_eq!(place.uninstall().unwrap(), Uninstalled::Removed);
    assert!(place.text().contains("\"model\": 1"));
}

#[test]
fn a_file_of_ours_that_was_reformatted_goes_as_well() {
    let place = Place::new();
    place.install().unwrap();
    fs::write(&place.settings, place.text().replace("\n", "")).unwrap();
    assert_eq!(place.uninstall().unwrap(), Uninstalled::Deleted);
}

#[test]
fn a_file_of_ours_that_somebody_deleted_leaves_no_directory_behind() {
    let place = Place::new();
    fs::remove_dir(place.home.join(".claude")).unwrap();
    place.install().unwrap();
    fs::remove_file(&place.settings).unwrap();
    place.install().unwrap();
    place.uninstall().unwrap();
    assert!(!place.home.join(".claude").exists());
}

#[test]
fn an_edit_before_a_second_installation_is_not_undone_with_it() {
    let place = Place::with("{\"a\": 1}");
    place.install().unwrap();
    fs::write(&place.settings, place.text().replace("\"a\": 1", "\"a\": 2")).unwrap();
    assert_eq!(install(&place.settings, &moved(), &place.keep).unwrap(), Installed::Changed);
    assert_eq!(place.uninstall().unwrap(), Uninstalled::Removed);
    assert_eq!(place.text(), "{\"a\": 2}");
}

#[test]
fn a_settings_file_put_back_by_hand_is_a_first_installation_again() {
    let place = Place::with("{\"a\": 1}");
    place.install().unwrap();
    fs::write(&place.settings, "{\"b\": {}  }").unwrap();
    place.install().unwrap();
    assert_eq!(place.uninstall().unwrap(), Uninstalled::Restored);
    assert_eq!(place.text(), "{\"b\": {}  }");
}

#[test]
fn without_what_was_kept_surgery_undoes_it() {
    let place = Place::with("{\"hooks\": { }}\n");
    place.install().unwrap();
    fs::remove_dir_all(&place.keep).unwrap();
    assert_eq!(place.uninstall().unwrap(), Uninstalled::Removed);
    assert_eq!(place.text(), "{\"hooks\": { }}\n");
}

#[test]
fn hooks_nobody_kept_anything_of_are_never_brought_back() {
    let place = Place::with("{}");
    place.install().unwrap();
    fs::remove_dir_all(&place.keep).unwrap();
    install(&place.settings, &moved(), &place.keep).unwrap();
    place.uninstall().unwrap();
    assert_eq!(place.text(), "{}");
}

#[test]
fn what_is_registered_is_found_with_its_program() {
    let place = Place::new();
    let program = place.home.join("rutter-hook");
    let state = || find(&place.settings).unwrap().handlers[0].program;
    assert_eq!(find(&place.settings).unwrap().missing.len(), EVENTS.len());
    install(&place.settings, &Registration::new(&program, None).unwrap(), &place.keep).unwrap();
    assert_eq!(state(), Program::Missing);
    fs::write(&program, "").unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(state(), Program::NotExecutable);
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(state(), Program::Runs);
    let found = find(&place.settings).unwrap();
    assert_eq!((found.handlers.len(), found.handlers[0].events.len(), found.missing.len()), (1, EVENTS.len(), 0));
    assert!(!found.are_all_disabled);
    fs::write(&place.settings, place.text().replacen('{', "{\"disableAllHooks\": true, ", 1)).unwrap();
    assert!(find(&place.settings).unwrap().are_all_disabled);
}
