//! The six ways a secret is written, in surroundings as agents see them.

use crate::dice::Dice;
use crate::kinds::Kind;

pub(crate) const ENCODINGS: [(&str, Encode); 6] = [
    ("plain", plain),
    ("quoted", quoted),
    ("escaped JSON", escaped),
    ("percent", percent),
    ("base64", base64),
    ("hex or broken", hex_or_broken),
];

type Encode = fn(&Kind, &str, &str, &mut Dice) -> Written;

/// A text with a secret in it, and the pieces of which nothing may be left.
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) pieces: Vec<String>,
}

fn written(text: String, core: &str) -> Written {
    Written { text, pieces: vec![core.to_owned()] }
}

fn assigned(kind: &Kind, secret: &str) -> String {
    if kind.name.is_empty() { secret.to_owned() } else { format!("{}={secret}", kind.name) }
}

fn plain(kind: &Kind, secret: &str, core: &str, dice: &mut Dice) -> Written {
    let around: &[&str] = if kind.name.is_empty() {
        &[
            "here it is: @",
            "$ tool login @\nLogged in.",
            "# .env\nPORT=80\nVALUE=@\nDEBUG=1\n",
            "X-Value: @\r\nAccept: */*\r\n",
            "ünïcode → @ ←",
        ]
    } else {
        &[
            "export NAME=@\n",
            "# .env\nPORT=80\nNAME=@\nDEBUG=1\n",
            "env:\n  NAME: @\n  port: 80\n",
            "$ NAME=@ cargo run\n",
            "docker run -e NAME=@ image:1",
        ]
    };
    written(dice.pick(around).replace("NAME", kind.name).replace('@', secret), core)
}

fn in_quotes(kind: &Kind, secret: &str, dice: &mut Dice) -> String {
    let around: &[&str] = if kind.name.is_empty() {
        &[
            "const value = '@';",
            "{\"stdout\": \"@\", \"stderr\": \"\"}",
            "value: \"@\"\nother: 1",
            "client = Client(\"@\")",
            "let v: &str = \"@\";",
        ]
    } else {
        &[
            "const NAME = '@';",
            "{\"NAME\": \"@\", \"port\": 80}",
            "NAME: \"@\"\nother: 1",
            "os.environ['NAME'] = '@'",
            "let NAME: &str = \"@\";",
        ]
    };
    dice.pick(around).replace("NAME", kind.name).replace('@', secret)
}

fn quoted(kind: &Kind, secret: &str, core: &str, dice: &mut Dice) -> Written {
    if core.contains('\n') {
        return plain(kind, secret, core, dice);
    }
    written(in_quotes(kind, secret, dice), core)
}

fn escaped(kind: &Kind, secret: &str, core: &str, dice: &mut Dice) -> Written {
    let string = |text: &str| serde_json::Value::from(text).to_string();
    let name = if kind.name.is_empty() { "value" } else { kind.name };
    let mut text = format!("{{\"type\":\"tool_result\",{}:{}}}", string(name), string(secret));
    let mut core = core.to_owned();
    let inner = string(&core);
    core = inner[1..inner.len() - 1].to_owned();
    for _ in 0..=dice.below(2) {
        let inner = string(&core);
        core = inner[1..inner.len() - 1].to_owned();
        text = format!("{{\"content\":{}}}", string(&text));
    }
    written(text, &core)
}

fn percent(kind: &Kind, secret: &str, core: &str, dice: &mut Dice) -> Written {
    let all = dice.below(3) == 0;
    let encode = |text: &str| -> String {
        let kept = |byte: u8| !all && (byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
        text.bytes().map(|byte| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
    };
    let name = if kind.name.is_empty() { "value" } else { kind.name };
    let secret_there = encode(secret);
    let core = encode(core);
    written(format!("GET https://api.example.org/v1/items?page=2&{name}={secret_there}&limit=10 200 OK"), &core)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        let sextets = (0..4).map(|place| char::from(BASE64[(bits >> (18 - 6 * place) & 63) as usize]));
        text.extend(sextets.enumerate().map(|(place, letter)| if place <= three.len() { letter } else { '=' }));
    }
    text
}

fn base64(kind: &Kind, secret: &str, _core: &str, dice: &mut Dice) -> Written {
    let run = to_base64(assigned(kind, secret).as_bytes());
    let around = ["data:\n  config: @\n", "echo @ | base64 -d > .env", "{\"content\":\"@\",\"encoding\":\"base64\"}", "blob=@\n"];
    written(dice.pick(&around).replace('@', &run), &run)
}

fn hex_or_broken(kind: &Kind, secret: &str, core: &str, dice: &mut Dice) -> Written {
    if !kind.name.is_empty() && dice.below(2) == 0 {
        return written(format!("env:\n  {}: >-\n    {secret}\n  port: 80\n", kind.name), core);
    }
    let breaks = kind.name.is_empty() && !secret.contains(char::is_whitespace) && !secret.contains("://") && core.len() >= 16;
    if breaks && dice.below(2) == 0 {
        return broken(secret, core, dice);
    }
    let run: String = assigned(kind, secret).bytes().map(|byte| format!("{byte:02x}")).collect();
    written(dice.pick(&["00000000: @\n", "hexdump says @.", "bytes.fromhex(\"@\")"]).replace('@', &run), &run)
}

/// Breaks the secret in two or three within what was drawn, as editors and YAML do.
fn broken(secret: &str, core: &str, dice: &mut Dice) -> Written {
    let parts = 2 + usize::from(core.len() > 40) * dice.below(2);
    let (before, after) = secret.split_once(core).expect("what was drawn is part of the secret");
    let length = core.len().div_ceil(parts);
    let pieces: Vec<String> =
        core.as_bytes().chunks(length).map(|piece| String::from_utf8(piece.to_vec()).expect("templates are ASCII")).collect();
    let (start, between, end) =
        [("value: >-\n  ", "\n  ", "\nnext: 1\n"), ("tool login ", "\\\n", "\necho done\n"), ("v = \"", "\" +\n    \"", "\";\n")]
            [dice.below(3)];
    Written { text: format!("{start}{before}{}{after}{end}", pieces.join(between)), pieces }
}
