//! The files that a patch changes, as it names them. A patch comes as the text of a call, or in a shell's command.

use session::transcript::EditKind;

/// How many files one patch is believed to change.
const MOST: usize = 4_096;

const HEADERS: [(&str, EditKind); 4] = [
    ("*** Add File: ", EditKind::Add),
    ("*** Update File: ", EditKind::Update),
    ("*** Delete File: ", EditKind::Delete),
    ("*** Move to: ", EditKind::MoveTo),
];

/// Returns the files that the patches in a text change, in order.
pub(crate) fn files(text: &str) -> Vec<(EditKind, &str)> {
    let mut is_within = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.contains("*** Begin Patch") {
            is_within = true;
        } else if line.starts_with("*** End Patch") {
            is_within = false;
        } else if is_within && found.len() < MOST {
            let header = HEADERS.iter().find_map(|(beginning, kind)| Some((*kind, line.strip_prefix(beginning)?.trim())));
            found.extend(header.filter(|(_, path)| !path.is_empty()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_patch_is_found_wherever_the_patch_stands() {
        let patch = "*** Begin Patch\n*** Add File: a b.txt\n+*** Update File: no\n*** Update File: c\n*** Move to: d\n@@\n*** Delete File: e\n*** End Patch";
        let wanted = [(EditKind::Add, "a b.txt"), (EditKind::Update, "c"), (EditKind::MoveTo, "d"), (EditKind::Delete, "e")];
        assert_eq!(files(patch), wanted);
        assert_eq!(files(&format!("cd x && apply_patch <<'EOF'\n{patch}\nEOF\necho '\n*** Update File: no'\n")), wanted);
        assert_eq!(files(&patch.replace('\n', "\r\n")), wanted);
        assert!(files("*** Update File: no").is_empty() && files("").is_empty());
    }
}
