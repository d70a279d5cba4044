//! Tickets in branches, messages and descriptions: `ABC-123`, and `#123` or `GH-123`. Pure.
//!
//! Much looks like a ticket and is none: `UTF-8`, `SHA-256`, `CVE-2024-1`, a date, a colour, the first of three steps. What a rule takes
//! for a ticket is therefore narrow, and a person who knows the names of their trackers can narrow it further, or say that a name that is
//! left out here is one of theirs.

/// More of a text is not looked through.
const LONGEST_TEXT: usize = 8_000;

/// More tickets of one text are not taken.
const MOST_TICKETS: usize = 20;

/// More digits are a date or an id.
const MOST_DIGITS: usize = 7;

/// What numbers without a prefix are called, where a rule names them.
const NUMBERS: &str = "#";

/// What stands before `-` and a number without being the name of a tracker: norms, encodings, hashes, versions, models, parts of something.
const NO_TRACKERS: &str = " \
    AES AMD ANSI ARM ASCII BASE BCP BF BIG BIP BLAKE BS BSD BT CAT CENTOS CHAPTER CLANG CLAUDE COVID CP CRC CSS CUDA CVE CWE DDR DES DIN \
    ECMA EIP EN ERC ERR ERROR ES EXIT F FIPS FP FY GB GCC GHSA GPT H HAIKU HTML HTTP HTTPS I ICMP IEC IEEE INT IP IPV ISO ITEM J JAVA JDK \
    JIS JRE JSON JSR KOI L LATIN LAYER LEVEL LINE LLAMA LLVM LPDDR LTO MAX MD MIN MP MPEG MR NIST NODE OAUTH OPTION OPUS P PAGE PART PCI \
    PEP PG PHASE PHP PKCS POSIX POW PR Q RC REC RELEASE RFC RGB RGBA RHEL RIPEMD ROUND RSA S SAML SEV SHA SHAKE SOC SONNET SP SPRINT SQL SSL STAGE \
    STD STEP T TCP TIER TLS TOP U UBUNTU UCS UDP UINT USB UTC UTF UUID V VERSION VERSIONS VOL W WCAG WEEK WIN WINDOWS WPA X Y YYYY ZIP \
    JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC GMT CET CEST EST PST ";

/// Before a number these words say which of several something is.
const ORDERS: &str = " attempt build case chapter channel column item job level line no number option page part phase point round row rule run \
    slide step take test top try fork ";

/// Which tickets count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRule {
    /// The names of trackers, in upper case; none where any that looks like one is.
    prefixes: Option<Vec<String>>,
    /// Whether numbers alone count.
    numbers: bool,
}

impl Default for TicketRule {
    fn default() -> Self {
        Self { prefixes: None, numbers: true }
    }
}

/// Where something is looked for: a branch is made of words with dashes, a text of words with spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Branch,
    Text,
}

impl TicketRule {
    /// Reads `any`, or names of trackers and `#`, separated by commas; none where it is neither.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.trim().eq_ignore_ascii_case("any") {
            return Some(Self::default());
        }
        let words: Vec<_> = text.split(',').map(|word| word.trim().to_ascii_uppercase()).filter(|word| !word.is_empty()).collect();
        let is_name = |word: &String| word.starts_with(|first: char| first.is_ascii_uppercase()) && word.bytes().all(is_of_word);
        let (numbers, names): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word == NUMBERS || word == "GH");
        let fits = names.iter().all(|name| is_name(name) && name.len() <= 16) && names.len() + numbers.len() > 0;
        fits.then_some(Self { prefixes: Some(names), numbers: !numbers.is_empty() })
    }

    /// Returns the tickets that a branch is called by, in their order.
    pub fn in_branch(&self, branch: &str) -> Vec<String> {
        self.find(branch, Where::Branch)
    }

    /// Returns the tickets that a text names, in their order.
    pub fn in_text(&self, text: &str) -> Vec<String> {
        self.find(text, Where::Text)
    }

    fn find(&self, text: &str, place: Where) -> Vec<String> {
        let end = text.char_indices().map(|(at, each)| at + each.len_utf8()).take_while(|end| *end <= LONGEST_TEXT).last().unwrap_or(0);
        let text = &text[..end];
        let mut found: Vec<String> = Vec::new();
        for (at, _) in text.match_indices(['-', '#']) {
            let ticket = if text[at..].starts_with('-') { self.named(text, at, place) } else { self.numbered(text, at, place) };
            if let Some(ticket) = ticket.filter(|ticket| !found.contains(ticket)) {
                found.push(ticket);
            }
            if found.len() == MOST_TICKETS {
                break;
            }
        }
        found
    }

    /// Returns the ticket whose name and number a dash divides.
    fn named(&self, text: &str, dash: usize, place: Where) -> Option<String> {
        let digits = number_at(&text[dash + 1..], MOST_DIGITS)?;
        let end = dash + 1 + digits.len();
        let name = name_before(&text[..dash])?;
        let before = text[..dash - name.len()].chars().next_back();
        let stands_alone = before.is_none_or(|before| match before {
            '-' => place == Where::Branch,
            other => !other.is_alphanumeric() && !matches!(other, '.' | '\\' | '$' | '@' | '&' | '%' | '+'),
        });
        if !stands_alone || !ends_well(&text[end..], digits, place) {
            return None;
        }
        let upper = name.to_ascii_uppercase();
        if upper == "GH" {
            return self.numbers.then(|| format!("#{digits}"));
        }
        let counts = match &self.prefixes {
            Some(prefixes) => prefixes.contains(&upper),
            None => upper == name && may_be_tracker(name, digits),
        };
        counts.then(|| format!("{upper}-{digits}"))
    }

    /// Returns the ticket that has only a number.
    fn numbered(&self, text: &str, sign: usize, place: Where) -> Option<String> {
        let digits = number_at(&text[sign + 1..], 6).filter(|_| self.numbers)?;
        let before = &text[..sign];
        let stands_alone = before.chars().next_back().is_none_or(|each| match each {
            '/' | '-' | '_' => place == Where::Branch,
            other => other.is_whitespace() || "([{,;:\"'`+|".contains(other),
        });
        let is_colour = matches!(digits.len(), 3 | 4 | 6) && speaks_of_colours(text);
        let fits = stands_alone && ends_well(&text[sign + 1 + digits.len()..], digits, place) && !is_colour && !says_which(before);
        fits.then(|| format!("#{digits}"))
    }
}

/// Returns the number at the beginning of a text, without a zero in front.
fn number_at(text: &str, most: usize) -> Option<&str> {
    let digits = &text[..text.bytes().take_while(u8::is_ascii_digit).count()];
    (!digits.is_empty() && !digits.starts_with('0') && digits.len() <= most).then_some(digits)
}

/// Returns the name at the end of a text: `feature_ABC` ends in `ABC`, `MY_SHOP` is one name.
fn name_before(text: &str) -> Option<&str> {
    let word = &text[text.len() - text.bytes().rev().take_while(|byte| is_of_word(*byte)).count()..];
    let word = if word.bytes().any(|byte| byte.is_ascii_lowercase()) { word.rsplit('_').next().unwrap_or(word) } else { word };
    let is_name = word.len() <= 16 && word.starts_with(|first: char| first.is_ascii_alphabetic());
    is_name.then_some(word)
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Reports whether nothing behind a number makes it a part of something longer: a version, a date, an id.
fn ends_well(rest: &str, digits: &str, place: Where) -> bool {
    let mut following = rest.chars();
    let (first, second) = (following.next(), following.next());
    let is_digit = |each: Option<char>| each.is_some_and(|each| each.is_ascii_digit());
    match first {
        Some('.' | ',') => !is_digit(second),
        Some('%') => false,
        Some('-') => {
            let segment: String = rest[1..].chars().take_while(|each| each.is_alphanumeric()).collect();
            let is_number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
            let is_year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
            !is_number || (place == Where::Branch && !is_year)
        }
        Some(other) => !other.is_alphanumeric(),
        None => true,
    }
}

/// Reports whether a name in upper case may be that of a tracker.
fn may_be_tracker(name: &str, digits: &str) -> bool {
    let stem = name.trim_end_matches(|each: char| each.is_ascii_digit());
    // The first part of an id in upper case: eight digits of sixteen kinds.
    let is_hexadecimal =
        name.len() == 8 && name.bytes().any(|byte| byte.is_ascii_digit()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_listed = |list: &str, word: &str| list.split_ascii_whitespace().any(|each| each == word);
    (2..=10).contains(&name.len()) && digits.len() <= MOST_DIGITS && !is_hexadecimal && !is_listed(NO_TRACKERS, stem)
}

/// Reports whether the word before a number says that the number is a place in an order.
fn says_which(before: &str) -> bool {
    let before = before.trim_end();
    let word: String = before.chars().rev().take_while(|each| each.is_alphabetic()).collect();
    let word: String = word.chars().rev().collect::<String>().to_lowercase();
    !word.is_empty() && ORDERS.split_ascii_whitespace().any(|each| each == word)
}

fn speaks_of_colours(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = ["color", "colour", "background", "css", "hex", "rgb", "gradient", "shade", "palette"];
    words.iter().any(|word| lower.contains(word)) || lower.match_indices('#').any(|(at, _)| is_shade(&lower[at + 1..]))
}

/// Reports whether what follows a `#` is a colour that cannot be a number.
fn is_shade(text: &str) -> bool {
    let word = &text[..text.bytes().take_while(u8::is_ascii_alphanumeric).count()];
    matches!(word.len(), 3 | 6 | 8)
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(found: &[String], expected: &str, text: &str) {
        assert_eq!(found.join(" "), expected, "{text}");
    }

    #[test]
    fn tickets_are_found_in_branches() {
        for (branch, expected) in [
            ("ABC-123", "ABC-123"),
            ("feature/ABC-123-fix-the-login", "ABC-123"),
            ("ada/ABC-123_fix", "ABC-123"),
            ("bugfix-ABC-123", "ABC-123"),
            ("feature_ABC-123", "ABC-123"),
            ("ABC-123-2", "ABC-123"),
            ("ABC-123-2fa", "ABC-123"),
            ("MY_SHOP-7", "MY_SHOP-7"),
            ("WEB2-7", "WEB2-7"),
            ("ABC-1-and-DEF-2", "ABC-1 DEF-2"),
            ("fix/#12", "#12"),
            ("#12-fix", "#12"),
            ("gh-12-fix", "#12"),
            ("GH-12", "#12"),
            ("main", ""),
            ("release-2024-01-15", ""),
            ("REL-2024-01", ""),
            ("fix-404", ""),
            ("utf-8", ""),
            ("feature/UTF-8-names", ""),
            ("v1.2-3", ""),
            ("RC-1", ""),
            ("dependabot/npm/left-pad-1.3.0", ""),
            ("abc-123", ""),
            ("ABC-0", ""),
            ("ABC-012", ""),
            ("ABC-20260216", ""),
            ("worktree-1A2B3C4D-12", ""),
        ] {
            check(&TicketRule::default().in_branch(branch), expected, branch);
        }
    }

    #[test]
    fn tickets_are_found_in_texts() {
        for (text, expected) in [
            ("ABC-123: fix the login", "ABC-123"),
            ("Fix the login (ABC-123, ABC-124).", "ABC-123 ABC-124"),
            ("[ABC-123] fix", "ABC-123"),
            ("see https://tracker.example.com/browse/ABC-123?focus=1", "ABC-123"),
            ("Fix the login (#12)", "#12"),
            ("Fixes #12, #13 and #12", "#12 #13"),
            ("Closes: GH-12", "#12"),
            ("JDK8-1 is none, PAY-8301234 is", "PAY-8301234"),
            ("ABC-12.", "ABC-12"),
            ("\u{201c}ABC-12\u{201d} — done", "ABC-12"),
        ] {
            check(&TicketRule::default().in_text(text), expected, text);
        }
    }

    #[test]
    fn what_only_looks_like_a_ticket_is_none() {
        for text in [
            "UTF-8, UTF-16, ISO-8859-1, ISO-8601, RFC-3339, SHA-256, SHA3-512, MD-5, AES-256, BASE-64, CP-1252, KOI8-1, EUC-1x",
            "CVE-2024-1234, CVE-2024-1, CWE-79, GHSA-1234-5678, PEP-8, ECMA-262, IEEE-754, WCAG-2.1, HTTP-404, TLS-1.3, IPV-6, X-12",
            "GPT-4, GPT-4.1, CLAUDE-3, OPUS-4, COVID-19, USB-3, DDR-5, JDK-17, JAVA-21, NODE-22, PG-16, PHP-8, WINDOWS-11",
            "2026-02-16, 16-FEB-2026, FEB-16, Q1-2026, H2-2026, FY-2026, W-08, 2026-02-16T17:30:03-05:00, UTC-5, GMT-3",
            "SESSION-20260216-173003-09RZ TASK-20260216-173003-09RZ IMPL-20260216-173105-K2N4",
            "550E8400-E29B-41D4-A716-446655440000, ABCDEF01-2345-4A6B-8C9D-0123456789AB, 09F911029D74-12",
            "PART-2 of STEP-1, PHASE-3, LEVEL-4, PR-12, MR-12, RC-1, V-2, RELEASE-3, P-0, SEV-1, Q-4",
            "A-1, ABCDEFGHIJK-1, ABC-12345678, ABC-0, ABC-01, ABC-12a, aABC-12, éABC-12, ABC-12é, foo.ABC-12, $ABC-12, ABC-1.2.3",
            "ABC-12-13, ABC-12%, pre-ABC-12, abc-12, Abc-12",
            "page.html#12, C#12, &#123;, ##12, #012, #0, #12a, #1234567, #1.2, owner/repo#12, https://host/#12",
            "step #1, Option #2, part #3, line #12, build #123, test #4, attempt #2, top #10",
            "use #333 as the colour, background: #112233, #fff on #222",
        ] {
            check(&TicketRule::default().in_text(text), "", text);
        }
    }

    #[test]
    fn a_rule_names_the_trackers_that_count() {
        let shop = TicketRule::read("shop, UTF").unwrap();
        check(&shop.in_branch("feature/shop-12-fix"), "SHOP-12", "in any case");
        check(&shop.in_text("SHOP-12 ABC-13 #14 GH-15 UTF-8"), "SHOP-12 UTF-8", "no other, and one that is none otherwise");
        check(&TicketRule::read("#").unwrap().in_text("SHOP-12 #14 GH-15"), "#14 #15", "numbers");
        assert_eq!(TicketRule::read(" Any "), Some(TicketRule::default()));
        for bad in ["", ",", "1a", "a b", "a-b", "ä", "*", "(.*)+"] {
            assert_eq!(TicketRule::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_text_without_end_names_no_tickets_without_end() {
        let many: String = (1..=1_000).map(|number| format!("ABC-{number} ")).collect();
        assert_eq!(TicketRule::default().in_text(&many).len(), MOST_TICKETS);
        assert!(TicketRule::default().in_text(&format!("{}ABC-1", "é".repeat(LONGEST_TEXT))).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_found_is_found_again_and_stands_in_the_text(text in "[A-Z#a-z0-9 _./é-]{0,60}") {
            for (found, place) in [(TicketRule::default().in_branch(&text), "branch"), (TicketRule::default().in_text(&text), "text")] {
                for ticket in &found {
                    let number = ticket.trim_start_matches(|each: char| !each.is_ascii_digit() || each == '#');
                    prop_assert!(text.contains(number.rsplit('-').next().unwrap_or(number)), "{} in {}", ticket, place);
                    prop_assert_eq!(TicketRule::default().in_text(ticket), vec![ticket.clone()]);
                }
            }
        }
    }
}
