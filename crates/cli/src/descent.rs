//! A chain as a tree by descent: each agent session below the one it continues. The newest descendant goes on in the column of its parent,
//! so that a long chain stays narrow; what went another way stands further to the right.

use std::collections::BTreeMap;

use tracker::{Chain, HeadView, TransitionView};

use crate::page::{Page, Role, Span, brief, counted, plain};

/// More sub-agents of one agent session than this are only counted.
const LISTED: usize = 3;

/// Further to the right than this nothing is drawn.
const WIDEST: usize = 60;

/// An agent session.
#[derive(Debug)]
struct Node<'c> {
    id: &'c str,
    agent: &'c str,
    session: Option<&'c str>,
    steps: Vec<Step<'c>>,
    parent: Option<usize>,
    children: Vec<usize>,
    marks: Vec<String>,
    /// Whether the head of the project descends from it.
    leads_on: bool,
}

/// One move: what is recorded of it for a worktree, a version and the project is one.
#[derive(Debug)]
struct Step<'c> {
    first: &'c TransitionView,
    /// What it continues, as whoever knew it says.
    from: Option<&'c str>,
    sources: Vec<&'c str>,
    versions: Vec<&'c str>,
    is_heard: bool,
}

/// Something that is still to be drawn.
enum Todo {
    Node { node: usize, bullet: String, below: String },
    Line(Vec<Span>),
}

/// Returns a chain as people see it. `numbers` are those of sessions by their ids; with `all` each sub-agent is shown.
pub(crate) fn page(chain: &Chain, numbers: &BTreeMap<String, u32>, all: bool) -> Page {
    let mut page = Page::default();
    for (place, transitions) in chain.transitions.chunk_by(|one, next| one.project_key == next.project_key).enumerate() {
        if place > 0 {
            page.gap();
        }
        let first = transitions.first();
        let (project, key) = (first.and_then(|view| view.project.as_deref()), first.map(|view| view.project_key));
        page.line([Span::Text(Role::Heading, format!("Chain of {}:", brief(project.unwrap_or("no project"))))]);
        let heads: Vec<_> = chain.heads.iter().filter(|head| head.project_key == key).collect();
        let tree = tree(transitions, &heads);
        for root in (0..tree.len()).filter(|&node| tree[node].parent.is_none()) {
            page.gap();
            draw(&mut page, &tree, root, numbers, all);
        }
    }
    page
}

fn tree<'c>(transitions: &'c [TransitionView], heads: &[&HeadView]) -> Vec<Node<'c>> {
    let mut places = BTreeMap::new();
    let mut nodes: Vec<Node<'c>> = Vec::new();
    for view in transitions {
        let place = *places.entry((view.agent.as_str(), view.new.as_str())).or_insert_with(|| {
            nodes.push(node(view));
            nodes.len() - 1
        });
        take(&mut nodes[place], view);
    }
    // There is no circle without an edge to one that came later, and nearly never is there such an edge.
    let mut may_be_circular = false;
    for place in 0..nodes.len() {
        let agent = nodes[place].agent;
        let parent = origin(&nodes[place]).and_then(|from| places.get(&(agent, from)).copied());
        may_be_circular |= parent.is_some_and(|parent| parent > place);
        nodes[place].parent = parent.filter(|&parent| !may_be_circular || !descends(&nodes, parent, place));
        if let Some(parent) = nodes[place].parent {
            nodes[parent].children.push(place);
        }
    }
    for head in heads {
        let named = (head.agent.as_deref().unwrap_or_default(), head.head.as_deref().unwrap_or_default());
        if let Some(&place) = places.get(&named) {
            mark(&mut nodes, place, head);
        }
    }
    nodes
}

fn node(view: &TransitionView) -> Node<'_> {
    let (id, agent) = (view.new.as_str(), view.agent.as_str());
    Node { id, agent, session: None, steps: Vec::new(), parent: None, children: Vec::new(), marks: Vec::new(), leads_on: false }
}

/// Takes a transition as a step of its own, or as a part of the last one.
fn take<'c>(node: &mut Node<'c>, view: &'c TransitionView) {
    node.session = view.session.as_deref().or(node.session);
    let from = view.from.as_deref();
    // What a worker told of one scope of a move is so in all of them.
    let is_same = |step: &&mut Step<'c>| {
        let agrees = step.from == from || step.from.is_none() || from.is_none();
        step.first.at == view.at && step.first.moved == view.moved && agrees
    };
    let step = match node.steps.last_mut().filter(is_same) {
        Some(step) => step,
        None => {
            node.steps.push(Step { first: view, from, sources: Vec::new(), versions: Vec::new(), is_heard: false });
            let last = node.steps.len() - 1;
            &mut node.steps[last]
        }
    };
    step.from = step.from.or(from);
    step.is_heard |= view.evidence == "hook";
    step.versions.extend(view.version.as_deref());
    for source in view.sources.iter().map(String::as_str) {
        if !step.sources.contains(&source) {
            step.sources.push(source);
        }
    }
}

/// Returns what a node continues: what its first step says that is no step from itself to itself.
fn origin<'c>(node: &Node<'c>) -> Option<&'c str> {
    node.steps.iter().map(|step| step.from).find(|from| *from != Some(node.id)).flatten()
}

/// Reports whether a node is another one or descends from it.
fn descends(nodes: &[Node<'_>], node: usize, from: usize) -> bool {
    std::iter::successors(Some(node), |&at| nodes[at].parent).any(|at| at == from)
}

fn mark(nodes: &mut [Node<'_>], place: usize, head: &HeadView) {
    nodes[place].marks.push(match (&head.version, &head.worktree) {
        (Some(version), _) => format!("version {version}"),
        (None, Some(worktree)) => format!("worktree {worktree}"),
        (None, None) => "the project".to_owned(),
    });
    if head.version.is_none() && head.worktree.is_none() {
        let mut at = Some(place);
        while let Some(place) = at {
            nodes[place].leads_on = true;
            at = nodes[place].parent;
        }
    }
}

fn draw(page: &mut Page, tree: &[Node<'_>], root: usize, numbers: &BTreeMap<String, u32>, all: bool) {
    let mut todo = vec![Todo::Node { node: root, bullet: String::new(), below: String::new() }];
    while let Some(next) = todo.pop() {
        match next {
            Todo::Line(spans) => {
                page.line(spans);
            }
            Todo::Node { node, bullet, below } => {
                let next = below_node(tree, node, &below, all);
                draw_node(page, tree, node, numbers, &bullet, &format!("{below}{}", if next.is_empty() { ' ' } else { '│' }));
                // What was added last is drawn first.
                todo.extend(next.into_iter().rev());
            }
        }
    }
}

/// Returns what stands below a node: what went another way, then what goes on.
fn below_node(tree: &[Node<'_>], node: usize, below: &str, all: bool) -> Vec<Todo> {
    let trunk = trunk(tree, node);
    let (subagents, others): (Vec<usize>, Vec<usize>) =
        tree[node].children.iter().copied().filter(|child| Some(*child) != trunk).partition(|&child| is_leaf_subagent(&tree[child]));
    let is_summed = !all && subagents.len() > LISTED;
    let branches: Vec<usize> = if is_summed { others } else { others.into_iter().chain(subagents.iter().copied()).collect() };
    let count = branches.len() + usize::from(is_summed);
    let connectors = |place: usize| if place + 1 == count && trunk.is_none() { ("└─", "  ") } else { ("├─", "│ ") };
    let mut todo = Vec::new();
    for (place, child) in branches.into_iter().enumerate() {
        let (bullet, deeper) = connectors(place);
        let deeper = if below.chars().count() < WIDEST { format!("{below}{deeper}") } else { below.to_owned() };
        todo.push(Todo::Node { node: child, bullet: format!("{below}{bullet}"), below: deeper });
    }
    if is_summed {
        let words = format!(" {}", counted(subagents.len() as u64, "sub-agent"));
        todo.push(Todo::Line(vec![Span::Lines(format!("{below}{}", connectors(count - 1).0)), Span::Text(Role::Dim, words)]));
    }
    todo.extend(trunk.map(|node| Todo::Node { node, bullet: below.to_owned(), below: below.to_owned() }));
    todo
}

/// Returns the child that goes on in the column of its parent: the one that leads to the head, else the newest that once moved one.
fn trunk(tree: &[Node<'_>], node: usize) -> Option<usize> {
    let children = &tree[node].children;
    let leads_on = children.iter().copied().find(|&child| tree[child].leads_on);
    leads_on.or_else(|| children.iter().copied().rev().find(|&child| tree[child].steps.iter().any(|step| step.first.moved)))
}

/// Reports whether nothing moved, and nothing was to move.
fn is_subagent(node: &Node<'_>) -> bool {
    node.steps.iter().all(|step| !step.first.moved && !step.first.side_branch)
}

fn is_leaf_subagent(node: &Node<'_>) -> bool {
    is_subagent(node) && node.children.is_empty() && node.marks.is_empty()
}

fn draw_node(page: &mut Page, tree: &[Node<'_>], node: usize, numbers: &BTreeMap<String, u32>, bullet: &str, below: &str) {
    let node = &tree[node];
    let mut spans = vec![Span::Lines(format!("{bullet}● ")), Span::Text(Role::Id, brief(node.id))];
    if node.agent != "claude-code" {
        spans.push(plain(format!(" of {}", brief(node.agent))));
    }
    if let Some(session) = node.session {
        let number = numbers.get(session).map_or_else(String::new, |number| format!(" #{number:05}"));
        spans.push(plain(format!("  {session}{number}")));
    }
    if is_subagent(node) {
        spans.push(Span::Text(Role::Dim, "  sub-agent".to_owned()));
    } else if node.steps.iter().all(|step| step.first.side_branch) {
        spans.push(Span::Text(Role::Bad, "  side branch".to_owned()));
    }
    if !node.marks.is_empty() {
        spans.push(Span::Text(
            Role::Good,
            format!("  head of {}", node.marks.iter().map(|mark| brief(mark)).collect::<Vec<_>>().join(", ")),
        ));
    }
    page.line(spans);
    let parent = node.parent.map(|parent| tree[parent].id);
    for step in &node.steps {
        page.line([Span::Lines(format!("{below}  ")), plain(words(step, node.id, parent))]);
    }
}

/// Says a step: when, what led to it, and what is not plain from where it stands.
fn words(step: &Step<'_>, id: &str, parent: Option<&str>) -> String {
    let TransitionView { at, evidence, old, side_branch, .. } = step.first;
    let sources: Vec<_> = step.sources.iter().map(|source| brief(source)).collect();
    let mut words = format!("{} {}", at.get(..19).unwrap_or(at), sources.join(", "));
    if !step.versions.is_empty() {
        words += &format!(" of version {}", step.versions.iter().map(|version| brief(version)).collect::<Vec<_>>().join(", "));
    }
    if let Some(from) = step.from.filter(|from| *from != id && Some(*from) != parent) {
        words += &format!(", continues {}", brief(from));
    }
    if *side_branch {
        words += &format!(", too late: the head was {}", old.as_deref().map_or_else(|| "none".to_owned(), brief));
    }
    if !step.is_heard {
        words += &format!(" ({evidence})");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::plain_text;
    use tracker::session::{ProjectKey, Uuid};

    const PROJECT: ProjectKey = ProjectKey::new(Uuid::from_u128(1));

    fn view(new: usize, from: Option<usize>) -> TransitionView {
        TransitionView {
            seq: 1 + new as u64,
            project: Some("p".to_owned()),
            project_key: PROJECT,
            version: None,
            worktree: None,
            old: None,
            new: format!("n{new}"),
            from: from.map(|from| format!("n{from}")),
            source: "build".to_owned(),
            evidence: "api",
            session: None,
            at: format!("2026-02-16T17:30:{new:02}.000000+01:00"),
            side_branch: new % 3 == 1,
            moved: new.is_multiple_of(3),
            agent: "claude-code".to_owned(),
            sources: vec!["build".to_owned()],
            machine: None,
        }
    }

    #[test]
    fn whatever_continues_whatever_each_is_drawn_once() {
        const NODES: usize = 5;
        // Every way in which five can continue none, one another, or themselves.
        for way in 0..(NODES + 1).pow(NODES as u32) {
            let from = |new: usize| (way / (NODES + 1).pow(new as u32) % (NODES + 1)).checked_sub(1);
            let chain = Chain { transitions: (0..NODES).map(|new| view(new, from(new))).collect(), heads: Vec::new() };
            let text = plain_text(&page(&chain, &BTreeMap::new(), true));
            for new in 0..NODES {
                let drawn = text.lines().filter(|line| line.contains(&format!("* n{new}"))).count();
                assert_eq!(drawn, 1, "{way}: n{new}\n{text}");
            }
        }
    }

    #[test]
    fn projects_of_the_same_name_have_each_a_chain_of_their_own() {
        let other = ProjectKey::new(Uuid::from_u128(2));
        let transitions = vec![view(0, None), TransitionView { project_key: other, ..view(3, None) }];
        let head = |key, new: &str| HeadView {
            project: Some("p".to_owned()),
            project_key: Some(key),
            version: None,
            worktree: None,
            head: Some(new.to_owned()),
            session: None,
            at: None,
            machine: None,
            fresh: false,
            reason: None,
            agent: Some("claude-code".to_owned()),
            is_elsewhere: false,
        };
        let chain = Chain { transitions, heads: vec![head(PROJECT, "n0"), head(other, "n3")] };
        let text = plain_text(&page(&chain, &BTreeMap::new(), false));
        assert_eq!((text.matches("Chain of p:").count(), text.matches("head of the project").count()), (2, 2), "{text}");
    }

    #[test]
    fn what_one_report_of_a_move_continues_so_does_the_move() {
        let of_worktree = TransitionView { worktree: Some("/w".to_owned()), sources: vec!["startup".to_owned()], ..view(3, None) };
        let transitions = vec![view(0, None), of_worktree, view(3, Some(0))];
        let text = plain_text(&page(&Chain { transitions, heads: Vec::new() }, &BTreeMap::new(), false));
        assert_eq!((text.matches("17:30:03").count(), text.matches("continues").count()), (1, 0), "{text}");
        assert!(text.contains("startup, build") && text.lines().filter(|line| line.is_empty()).count() == 1, "{text}");
    }

    #[test]
    fn a_long_chain_stays_narrow_and_is_drawn_at_once() {
        let transitions: Vec<_> = (0..20_000).map(|new: usize| view(new * 3, new.checked_sub(1).map(|from| from * 3))).collect();
        let page = page(&Chain { transitions, heads: Vec::new() }, &BTreeMap::new(), false);
        assert_eq!(page.lines.len(), 2 + 2 * 20_000);
        assert!(page.lines.iter().flatten().all(|span| !matches!(span, Span::Lines(drawn) if drawn.chars().count() > 3)));
        // Each beside the next, ever deeper: nothing is as deep as the stack.
        let transitions: Vec<_> =
            (0..20_000).map(|new: usize| TransitionView { moved: false, side_branch: true, ..view(new, new.checked_sub(1)) }).collect();
        let page = super::page(&Chain { transitions, heads: Vec::new() }, &BTreeMap::new(), false);
        assert_eq!(page.lines.len(), 2 + 2 * 20_000);
        assert!(page.lines.iter().flatten().all(|span| !matches!(span, Span::Lines(drawn) if drawn.chars().count() > WIDEST + 6)));
    }
}
