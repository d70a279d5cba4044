//! What agents used, as a table that fits the terminal: what matters least goes first where there is no room.

use tracker::{UsageBy, UsageView};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use tracker::session::harmless;

use crate::page::{self, Page, Role, Span, brief, counted};
use crate::ui::Frame;

/// The least that a column of words is worth.
const LEAST_WORDS: usize = 16;

/// The space before a line and between columns.
const GAP: usize = 2;

/// A column, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Key,
    Responses,
    Input,
    Output,
    CacheWrite,
    CacheRead,
    Cost,
    Own,
    About,
}

const COLUMNS: [Column; 9] = [
    Column::Key,
    Column::Responses,
    Column::Input,
    Column::Output,
    Column::CacheWrite,
    Column::CacheRead,
    Column::Cost,
    Column::Own,
    Column::About,
];

/// What goes where there is no room, the first one first. The others stay.
const EXPENDABLE: [Column; 6] = [Column::About, Column::Own, Column::Responses, Column::CacheWrite, Column::Input, Column::CacheRead];

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbers {
    /// `1,234,567`
    Full,
    /// `1.2M`
    Short,
}

/// Returns the table of all groups, the last of which is the total, and what there is to say about it.
pub(crate) fn page(views: &[UsageView], by: UsageBy, frame: Frame) -> Page {
    let mut page = Page::default();
    if views.len() < 2 {
        return page;
    }
    let used: Vec<Column> = COLUMNS.into_iter().filter(|column| is_used(*column, views)).collect();
    let rows = fitted(views, by, &used, frame);
    let last = rows.len() - 1;
    for (place, row) in rows.into_iter().enumerate() {
        let role = if place == 0 || place == last { Role::Heading } else { Role::Plain };
        page.line([Span::Text(role, row)]);
    }
    page.page(notes(views, frame));
    page
}

fn is_used(column: Column, views: &[UsageView]) -> bool {
    match column {
        Column::Own => views.iter().any(|view| view.own_cost_usd.is_some()),
        _ => true,
    }
}

/// Returns the lines of the widest table that fits.
fn fitted(views: &[UsageView], by: UsageBy, used: &[Column], frame: Frame) -> Vec<String> {
    let width = frame.width.unwrap_or(usize::MAX);
    for numbers in [Numbers::Full, Numbers::Short] {
        let dropped = match numbers {
            // Numbers are shortened before one of them is left away.
            Numbers::Full => 0..=2,
            Numbers::Short => 1..=EXPENDABLE.len(),
        };
        for dropped in dropped {
            let kept: Vec<Column> = used.iter().copied().filter(|column| !EXPENDABLE[..dropped].contains(column)).collect();
            let table = Table::of(views, by, &kept, numbers, frame.signs);
            if table.least_width() <= width {
                return table.lines(width);
            }
        }
    }
    Table::of(views, by, &[Column::Key, Column::Output, Column::Cost], Numbers::Short, frame.signs).lines(width)
}

/// Cells of columns, the heading first.
struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Table {
    fn of(views: &[UsageView], by: UsageBy, columns: &[Column], numbers: Numbers, signs: bool) -> Self {
        let head = columns.iter().map(|column| heading(*column, by).to_owned()).collect();
        let row = |view: &UsageView| columns.iter().map(|column| harmless(&cell(*column, view, by, numbers, signs))).collect();
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(views.iter().map(row)).collect();
        let widths = (0..columns.len()).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0)).collect();
        Self { columns: columns.to_vec(), rows, widths }
    }

    /// Returns how narrow it can be made: words can be cut, numbers cannot.
    fn least_width(&self) -> usize {
        let least = |(column, width): (&Column, &usize)| match column {
            Column::About => (*width).min(LEAST_WORDS),
            _ => *width,
        };
        self.columns.iter().zip(&self.widths).map(|pair| least(pair) + GAP).sum()
    }

    fn lines(mut self, width: usize) -> Vec<String> {
        let all: usize = self.widths.iter().map(|width| width + GAP).sum();
        let too_much = all.saturating_sub(width);
        let is_cut = |column: &Column| matches!(column, Column::About);
        // What is said about a row is cut, else its name.
        let words = self.columns.iter().position(is_cut).unwrap_or(0);
        self.widths[words] = self.widths[words].saturating_sub(too_much).max(1);
        self.rows.iter().map(|row| self.line(row)).collect()
    }

    fn line(&self, row: &[String]) -> String {
        let cells = row.iter().zip(&self.widths).zip(&self.columns).map(|((cell, &width), column)| {
            let cell = cut_to(cell, width);
            let space = " ".repeat(width.saturating_sub(cell.width()));
            match column {
                Column::Key | Column::About => format!("{cell}{space}"),
                _ => format!("{space}{cell}"),
            }
        });
        format!("{:GAP$}{}", "", cells.collect::<Vec<_>>().join(&" ".repeat(GAP))).trim_end().to_owned()
    }
}

/// Returns the beginning of a text that is not wider than this, with a mark where some is missing.
fn cut_to(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 2;
    for each in text.chars() {
        taken += each.width().unwrap_or(0);
        if taken > width {
            break;
        }
        kept.push(each);
    }
    kept.push_str(&".."[..width.min(2)]);
    kept
}

fn heading(column: Column, by: UsageBy) -> &'static str {
    match (column, by) {
        (Column::Key, UsageBy::Day) => "Day",
        (Column::Key, UsageBy::Week) => "Week",
        (Column::Key, UsageBy::Month) => "Month",
        (Column::Key, UsageBy::Session) => "Session",
        (Column::Key, UsageBy::Project) => "Project",
        (Column::Key, UsageBy::Model) => "Model",
        (Column::Key, UsageBy::Branch) => "Branch",
        (Column::Key, UsageBy::Chain) => "Chain",
        (Column::Key, UsageBy::Ticket) => "Ticket",
        (Column::Key, UsageBy::Tag) => "Tag",
        (Column::Key, UsageBy::Block) => "Block",
        (Column::Responses, _) => "Responses",
        (Column::Input, _) => "Input",
        (Column::Output, _) => "Output",
        (Column::CacheWrite, _) => "Cache write",
        (Column::CacheRead, _) => "Cache read",
        (Column::Cost, _) => "Cost (USD)",
        (Column::Own, _) => "Agent says",
        (Column::About, UsageBy::Session | UsageBy::Project | UsageBy::Block) => "About",
        (Column::About, _) => "Models",
    }
}

fn cell(column: Column, view: &UsageView, by: UsageBy, numbers: Numbers, signs: bool) -> String {
    let at_least = |is: bool| match (is, signs) {
        (false, _) => "",
        (true, true) => "≥",
        (true, false) => ">=",
    };
    match column {
        Column::Key => key(view, by),
        Column::Responses => number(view.responses, numbers),
        Column::Input => number(view.input, numbers),
        Column::Output => format!("{}{}", at_least(view.output_at_least), number(view.output, numbers)),
        Column::CacheWrite => number(view.cache_write, numbers),
        Column::CacheRead => number(view.cache_read, numbers),
        Column::Cost => view.cost_usd.map_or_else(|| "unknown".to_owned(), |cost| at_least(view.cost_at_least).to_owned() + &dollars(cost)),
        Column::Own => view.own_cost_usd.map(dollars).unwrap_or_default(),
        Column::About => about(view, by),
    }
}

fn key(view: &UsageView, by: UsageBy) -> String {
    match (&view.key, by) {
        (None, UsageBy::Ticket) => "(no ticket)".to_owned(),
        (None, UsageBy::Tag) => "(no tag)".to_owned(),
        (None, _) => "(unknown)".to_owned(),
        (Some(start), UsageBy::Block) => start.get(..16).unwrap_or(start).replace('T', " "),
        (Some(key), _) => brief(key),
    }
}

fn about(view: &UsageView, by: UsageBy) -> String {
    let end = |block: &tracker::BlockView| block.end.get(11..16).unwrap_or_default().to_owned();
    match (&view.block, &view.label) {
        (Some(block), _) if block.active => format!("goes on until {}", end(block)),
        (Some(block), _) => format!("until {}", end(block)),
        (None, Some(label)) => brief(label),
        (None, None) if view.key.as_deref() == Some("total") || by == UsageBy::Model => String::new(),
        (None, None) => view.models.iter().map(|model| brief(model)).collect::<Vec<_>>().join(", "),
    }
}

fn number(number: u64, numbers: Numbers) -> String {
    const UNITS: [(u64, char); 3] = [(1_000_000_000, 'G'), (1_000_000, 'M'), (1_000, 'k')];
    let unit = UNITS.into_iter().find(|(unit, _)| numbers == Numbers::Short && number >= *unit);
    match unit {
        Some((unit, letter)) => {
            let tenths = number / (unit / 10);
            format!("{}.{}{letter}", page::number(tenths / 10), tenths % 10)
        }
        None => page::number(number),
    }
}

/// Returns dollars and cents; what is less than a cent is not nothing.
fn dollars(dollars: f64) -> String {
    if dollars > 0.0 && dollars < 0.005 {
        return format!("{dollars:.4}");
    }
    let text = format!("{dollars:.2}");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    whole.parse().map_or_else(|_| text.clone(), |whole| format!("{}.{cents}", page::number(whole)))
}

/// Says what the marks mean, and which prices are missing.
fn notes(views: &[UsageView], frame: Frame) -> Page {
    let mut page = Page::default();
    let Some(total) = views.last().filter(|total| total.at_least || total.unpriced > 0) else { return page };
    page.gap();
    let sign = if frame.signs { "≥" } else { ">=" };
    let mut lines = Vec::new();
    if total.unfinished > 0 {
        let responses = counted(total.unfinished, "response");
        lines.push(format!("{sign} at least: the transcript does not say how long {responses} became in the end."));
    }
    for unknown in &total.unknown_models {
        let responses = counted(unknown.responses, "response");
        lines.push(format!("Cost of {responses} of model {} unknown.", brief(&unknown.model)));
    }
    if total.unpriced > 0 {
        let is_part = total.cost_usd.is_some();
        let sums = if is_part { format!(" Sums without them are at least ({sign}).") } else { String::new() };
        lines.push(format!("Say what they cost under `[[prices]]` in the configuration file.{sums}"));
    }
    for line in lines {
        for part in wrapped(&line, frame.width.map_or(usize::MAX, |width| width.saturating_sub(GAP))) {
            page.line([Span::Text(Role::Dim, format!("  {part}"))]);
        }
    }
    page
}

/// Breaks a line between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one at least");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::plain_text;
    use tracker::{BlockView, SidechainView, UnknownModelView};

    fn view(key: &str, tokens: [u64; 4], cost_usd: Option<f64>) -> UsageView {
        let [input, output, cache_write, cache_read] = tokens;
        UsageView {
            key: Some(key.to_owned()),
            label: None,
            agent: Some("claude-code".into()),
            input,
            output,
            cache_write,
            cache_write_5m: cache_write,
            cache_write_1h: 0,
            cache_read,
            reasoning: 0,
            searches: 0,
            cost_usd,
            at_least: false,
            output_at_least: false,
            cost_at_least: false,
            responses: input / 3,
            unfinished: 0,
            unpriced: 0,
            models: vec!["claude-haiku-4-5-20251001".into(), "claude-opus-4-5-20251101".into()],
            unknown_models: Vec::new(),
            sidechain: SidechainView { input: 0, output: 0, cache_write: 0, cache_read: 0, cost_usd: Some(0.0), responses: 0 },
            first_at: None,
            last_at: None,
            block: None,
            own_cost_usd: None,
            own_tokens: None,
            difference: None,
        }
    }

    fn days() -> Vec<UsageView> {
        let bound = |view: UsageView| UsageView { at_least: true, output_at_least: true, cost_at_least: true, ..view };
        let unknown = vec![UnknownModelView { model: "mystery-1".into(), responses: 12 }];
        let mystery = UsageView {
            models: vec!["mystery-1".into()],
            unpriced: 12,
            unknown_models: unknown.clone(),
            ..view("2026-03-03", [36, 900, 0, 0], None)
        };
        let total = view("total", [6_361, 118_024, 322_092, 1_234_528_550], Some(1_209.354));
        vec![
            view("2026-03-01", [1_307, 104_878, 308_792, 12_928_950], Some(9.255_784)),
            bound(view("2026-03-02", [5_018, 12_246, 13_300, 1_221_599_600], Some(1_200.098_216))),
            mystery,
            bound(UsageView { unfinished: 1_672, unpriced: 12, unknown_models: unknown, ..total }),
        ]
    }

    fn shown(views: &[UsageView], by: UsageBy, width: usize, signs: bool) -> String {
        let text = plain_text(&page(views, by, Frame { width: Some(width), signs }));
        assert!(text.lines().all(|line| line.width() <= width), "{text}");
        text
    }

    #[test]
    fn a_wide_terminal_shows_everything() {
        insta::assert_snapshot!(shown(&days(), UsageBy::Day, 140, true), @"
        Day         Responses  Input    Output  Cache write     Cache read  Cost (USD)  Models
        2026-03-01        435  1,307   104,878      308,792     12,928,950        9.26  claude-haiku-4-5-20251001, claude-opus-4-5-20251101
        2026-03-02      1,672  5,018   ≥12,246       13,300  1,221,599,600   ≥1,200.10  claude-haiku-4-5-20251001, claude-opus-4-5-20251101
        2026-03-03         12     36       900            0              0     unknown  mystery-1
        total           2,120  6,361  ≥118,024      322,092  1,234,528,550   ≥1,209.35

        ≥ at least: the transcript does not say how long 1672 responses became in the end.
        Cost of 12 responses of model mystery-1 unknown.
        Say what they cost under `[[prices]]` in the configuration file. Sums without them are at least (≥).
        ");
    }

    #[test]
    fn a_terminal_of_a_hundred_columns_shows_all_numbers() {
        insta::assert_snapshot!(shown(&days(), UsageBy::Day, 100, true), @"
        Day         Responses  Input    Output  Cache write     Cache read  Cost (USD)  Models
        2026-03-01        435  1,307   104,878      308,792     12,928,950        9.26  claude-haiku-4-5..
        2026-03-02      1,672  5,018   ≥12,246       13,300  1,221,599,600   ≥1,200.10  claude-haiku-4-5..
        2026-03-03         12     36       900            0              0     unknown  mystery-1
        total           2,120  6,361  ≥118,024      322,092  1,234,528,550   ≥1,209.35

        ≥ at least: the transcript does not say how long 1672 responses became in the end.
        Cost of 12 responses of model mystery-1 unknown.
        Say what they cost under `[[prices]]` in the configuration file. Sums without them are at least
        (≥).
        ");
    }

    #[test]
    fn a_narrow_terminal_shows_short_numbers() {
        insta::assert_snapshot!(shown(&days(), UsageBy::Day, 60, true), @"
        Day         Input   Output  Cache read  Cost (USD)
        2026-03-01   1.3k   104.8k       12.9M        9.26
        2026-03-02   5.0k   ≥12.2k        1.2G   ≥1,200.10
        2026-03-03     36      900           0     unknown
        total        6.3k  ≥118.0k        1.2G   ≥1,209.35

        ≥ at least: the transcript does not say how long 1672
        responses became in the end.
        Cost of 12 responses of model mystery-1 unknown.
        Say what they cost under `[[prices]]` in the configuration
        file. Sums without them are at least (≥).
        ");
        insta::assert_snapshot!(shown(&days(), UsageBy::Day, 40, true), @"
        Day          Output  Cost (USD)
        2026-03-01   104.8k        9.26
        2026-03-02   ≥12.2k   ≥1,200.10
        2026-03-03      900     unknown
        total       ≥118.0k   ≥1,209.35

        ≥ at least: the transcript does not
        say how long 1672 responses became in
        the end.
        Cost of 12 responses of model
        mystery-1 unknown.
        Say what they cost under `[[prices]]`
        in the configuration file. Sums
        without them are at least (≥).
        ");
    }

    #[test]
    fn a_terminal_without_signs_shows_ascii() {
        for width in [60, 100, 140] {
            assert!(shown(&days(), UsageBy::Day, width, false).is_ascii());
        }
        insta::assert_snapshot!(shown(&days(), UsageBy::Day, 60, false), @"
        Day         Input    Output  Cache read  Cost (USD)
        2026-03-01   1.3k    104.8k       12.9M        9.26
        2026-03-02   5.0k   >=12.2k        1.2G  >=1,200.10
        2026-03-03     36       900           0     unknown
        total        6.3k  >=118.0k        1.2G  >=1,209.35

        >= at least: the transcript does not say how long 1672
        responses became in the end.
        Cost of 12 responses of model mystery-1 unknown.
        Say what they cost under `[[prices]]` in the configuration
        file. Sums without them are at least (>=).
        ");
    }

    #[test]
    fn sessions_say_what_they_are_about_and_what_their_agents_say() {
        let session = UsageView {
            label: Some("Fix the login\u{1b}[31m of the shop, and everything that comes with it".into()),
            own_cost_usd: Some(9.31),
            ..view("SESSION-20260301-103003-09RZ", [1_307, 104_878, 308_792, 12_928_950], Some(9.255_784))
        };
        let total = UsageView { own_cost_usd: Some(9.31), ..view("total", [1_307, 104_878, 308_792, 12_928_950], Some(9.255_784)) };
        for width in [60, 100, 140] {
            shown(&[session.clone(), total.clone()], UsageBy::Session, width, false);
        }
        insta::assert_snapshot!(shown(&[session, total], UsageBy::Session, 140, true), @r#"
        Session                       Responses  Input   Output  Cache write  Cache read  Cost (USD)  Agent says  About
        SESSION-20260301-103003-09RZ        435  1,307  104,878      308,792  12,928,950        9.26        9.31  Fix the login\u{1b}[31m of the..
        total                               435  1,307  104,878      308,792  12,928,950        9.26        9.31
        "#);
    }

    #[test]
    fn blocks_say_until_when_they_are() {
        let block = |active| BlockView { start: "2026-03-01T10:00:00+01:00".into(), end: "2026-03-01T15:00:00+01:00".into(), active };
        let row = |active| UsageView { block: Some(block(active)), ..view("2026-03-01T10:00:00+01:00", [3, 2, 1, 0], Some(0.0001)) };
        insta::assert_snapshot!(shown(&[row(false), row(true), view("total", [6, 4, 2, 0], Some(0.0002))], UsageBy::Block, 100, true), @"
        Block             Responses  Input  Output  Cache write  Cache read  Cost (USD)  About
        2026-03-01 10:00          1      3       2            1           0      0.0001  until 15:00
        2026-03-01 10:00          1      3       2            1           0      0.0001  goes on until 1..
        total                     2      6       4            2           0      0.0002
        ");
    }

    #[test]
    fn numbers_are_written_for_people() {
        let short = |each| number(each, Numbers::Short);
        assert_eq!([0, 999, 1_000, 1_999_999, 1_234_528_550].map(short), ["0", "999", "1.0k", "1.9M", "1.2G"]);
        assert_eq!([0, 999, 1_000, 1_999_999].map(|each| number(each, Numbers::Full)), ["0", "999", "1,000", "1,999,999"]);
        assert_eq!([0.0, 0.0004, 0.004_99, 0.005, 1_401.924_9].map(dollars), ["0.00", "0.0004", "0.0050", "0.01", "1,401.92"]);
    }
}
