//! `rutter tag`

use clap::Args;
use serde_json::json;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Put tags on a session and take tags off
///
/// rutter tag 3 +release -draft
#[derive(Args)]
pub(crate) struct TagArgs {
    /// The session (default: the current one), then +TAG to put on and -TAG to take off (can be repeated)
    #[arg(value_name = "SESSION +TAG -TAG", required = true, allow_hyphen_values = true, trailing_var_arg = true, value_parser = lossy())]
    words: Vec<String>,
}

/// What the words mean. Behind `tag`, every word with one dash is a tag to take off, also where it looks like a flag.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    session: Option<String>,
    put: Vec<String>,
    taken: Vec<String>,
}

pub(super) fn tag(context: &Context, args: &TagArgs) -> Result<(), Failure> {
    let wish = read(&args.words)?;
    if wish.session.is_some() && context.global.session.is_some() {
        return Err(Failure::wrong("a session is named twice, with `-s` and behind `tag`"));
    }
    context.write(|tracker| {
        let session = tracker.tag(context.named(&wish.session), &wish.put, &wish.taken)?;
        let view = tracker.view(&session)?;
        context.ui.data(&json!(view), || {
            let mut page = Page::default();
            page.text(view.tags.join(" "));
            page
        })
    })
}

fn read(words: &[String]) -> Result<Wish, Failure> {
    let mut wish = Wish::default();
    for word in words {
        if word.starts_with("--") {
            return Err(Failure::wrong(format!("`{word}` stands behind `tag`"))
                .hint("put flags in front of it, as in `rutter --json tag 3 +release`"));
        }
        match (word.strip_prefix('+'), word.strip_prefix('-')) {
            (Some(tag), _) => wish.put.push(tag.to_owned()),
            (_, Some(tag)) => wish.taken.push(tag.to_owned()),
            _ if wish.session.is_none() => wish.session = Some(word.clone()),
            _ => return Err(Failure::wrong(format!("`{word}` is neither `+TAG` nor `-TAG`"))),
        }
    }
    if wish.put.is_empty() && wish.taken.is_empty() {
        return Err(Failure::wrong("no tag was named").hint("name some, as in `rutter tag +release -draft`"));
    }
    Ok(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_a_dash_are_tags_also_where_they_look_like_flags() {
        let words = ["3", "+a", "-stale", "-C"].map(str::to_owned);
        let wish = Wish { session: Some("3".into()), put: vec!["a".into()], taken: vec!["stale".into(), "C".into()] };
        assert_eq!(read(&words).unwrap(), wish);
        for bad in [&["3"][..], &["3", "4", "+a"], &["3", "+a", "--json"]] {
            let words: Vec<_> = bad.iter().map(|&word| word.to_owned()).collect();
            assert!(read(&words).is_err(), "{bad:?}");
        }
    }
}
