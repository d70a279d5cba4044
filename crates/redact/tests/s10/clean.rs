//! Texts without a secret in them, of the kinds agents read and write all day.

use crate::dice::Dice;
use crate::encodings::to_base64;

const LINES: &[&str] = &[
    "fn tokenize(input: &str) -> Vec<Token> { input.split(' ').map(Token::new).collect() }",
    "let password = std::env::var(\"DB_PASSWORD\")?;",
    "password = os.environ[\"PASSWORD\"]",
    "const token = await getToken({ scope: 'read', audience: config.audience });",
    "if (!req.headers.authorization) return res.status(401).json({ error: 'missing token' });",
    "headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }",
    "export API_KEY=$(vault kv get -field=key kv/app)",
    "api_key: ${{ secrets.API_KEY }}",
    "  password: \"{{ vault_db_password }}\"",
    "secret_key_base: <%= ENV[\"SECRET_KEY_BASE\"] %>",
    "type Props = { token: string; apiKey?: string; onPasswordChange: (password: string) => void };",
    "token_count = len(tokenizer.encode(text)); max_tokens: int = 4096",
    "The password must be at least 12 characters long and contain a digit.",
    "Set `ANTHROPIC_API_KEY` to your key, then run `cargo run --release`.",
    "OPENAI_API_KEY=sk-your-key-here",
    "DATABASE_URL=postgres://user:password@localhost:5432/app",
    "git remote add origin https://github.com/rust-lang/rust.git",
    "SELECT id, password_hash FROM users WHERE token = $1 AND revoked_at IS NULL;",
    "self.keys = sorted(self.keys, key=lambda pair: pair[1])",
    "public static final String PASSWORD_FIELD = \"password\";",
    "<input type=\"password\" name=\"password\" autocomplete=\"current-password\" placeholder=\"Password\">",
    "\"password\": \"Passwort\", \"forgot_password\": \"Passwort vergessen?\", \"token\": \"Token\"",
    "assert_eq!(parse(\"key: value\").unwrap().key, \"key\");",
    "cookie: { httpOnly: true, secure: true, sameSite: 'lax', maxAge: 60 * 60 * 24 }",
    "e.password=t.password,e.token=n.token,r(function(){return o.apiKey})",
    "function a(t,e){var n=t.key,r=t.secret;return n===e.key&&r===e.secret}var s={token:null,password:\"\"};",
    "for key, value in settings.items(): print(f\"{key}={value}\")",
    "func (s *Server) authorize(token string) (*User, error) { return s.users.ByToken(token) }",
    "my_secret = config.get(\"secret\"); credentials = load_credentials(path)",
    "access_token = response.json()[\"access_token\"]",
    "if password != confirm_password: raise ValueError(\"passwords differ\")",
    "docker run --rm -u 1000:1000 -v \"$PWD\":/src -w /src node:22 npm ci",
    "curl -sS -H \"Authorization: Bearer $TOKEN\" https://api.example.org/v1/items | jq '.items[].key'",
    "error[E0308]: mismatched types: expected `SecretString`, found `&str`",
    "task-runner, risk-free, desk-top, disk-usage; npm_config_cache; hf_hub_url",
    "model: claude-3-5-sonnet-20241022, next_page_token: CAUQAA",
    "user.password = hash(params[:password]); session[:token] = nil",
    "primary_key: id, foreign_key: user_id, sort_key: created_at, cache_key: users/v2",
    "-----BEGIN CERTIFICATE-----",
    "ssh-keygen -t ed25519 -C \"you@example.org\" -f ~/.ssh/id_ed25519",
    "pwd && ls -la && echo done; cd \"$(git rev-parse --show-toplevel)\"",
    "secretKeyRef: { name: app-secrets, key: db-password }",
    "AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}",
    "<key>CFBundleIdentifier</key><string>org.example.app</string>",
    "return new Promise((resolve, reject) => fs.readFile(path, 'utf8', (error, data) => error ? reject(error) : resolve(data)));",
];

const DRAWN: &[&str] = &[
    "{h8}-{h4}-{h4}-{h4}-{h12}",
    "commit {h40}",
    "{h7} fix the parser",
    "checksum = \"{h64}\"",
    "sha256:{h64}",
    "\"session_id\":\"{h8}-{h4}-{h4}-{h4}-{h12}\",\"hook_event_name\":\"PreToolUse\"",
    "toolu_01Fake{w20}",
    "msg_01{w22}",
    "req_01{w22}",
    "\"id\": \"chatcmpl-{w29}\"",
    "call_{w24}",
    "index-{w8}.js:2:{d5}",
    "https://cdn.example.org/assets/app.{h8}.css?v={d10}",
    "/home/me/src/target/debug/deps/redact-{h16}.d",
    "arn:aws:iam::{d12}:role/deploy",
    "s3://bucket/year=2025/part-{d5}-{h8}-{h4}-{h4}-{h4}-{h12}.parquet",
    "W/\"{h32}\"",
    "img src=\"/static/{h32}.png\"",
    "{d10}.{d6} trace_id={h32} span_id={h16}",
    "prj_{w24} team_{w24}",
    "0x{h40}",
    "key: cache-linux-{h64}",
    "pid {d5} at 0x{h12}: key=value",
    "docker.io/library/postgres@sha256:{h64}",
    "youtube.com/watch?v={s11}",
    "SESSION-20251121-{u4}",
    "npm ERR! code E404 {d3}, log in /root/.npm/_logs/2025-01-{d2}T{d2}_{d2}_{d2}_{d3}Z-debug-0.log",
];

const WORDS: &[&str] = &[
    "the",
    "session",
    "was",
    "recorded",
    "before",
    "a",
    "token",
    "could",
    "be",
    "read",
    "und",
    "Schlüssel",
    "passwords",
    "are",
    "secret",
    "keys",
    "of",
    "café",
    "database",
    "which",
    "bearer",
    "cookie",
    "credentials",
    "naïve",
    "→",
    "test",
    "files",
    "in",
    "src/lib.rs",
    "authorization",
];

/// Returns the n-th clean text.
pub(crate) fn text(n: usize, dice: &mut Dice) -> String {
    match n % 8 {
        0 => (0..1 + dice.below(6)).map(|_| dice.pick(LINES)).collect::<Vec<_>>().join("\n"),
        1 => prose(dice),
        2 => drawn(dice),
        3 => (0..1 + dice.below(20)).map(|_| drawn(dice) + "\n").collect(),
        4 => image(dice),
        5 => lock_file(dice),
        6 => serde_json::json!({"content": [{"type": "text", "text": dice.pick(LINES)}], "id": drawn(dice)}).to_string(),
        _ => format!("{}\n{}\n{}", drawn(dice), dice.pick(LINES), prose(dice)),
    }
}

fn drawn(dice: &mut Dice) -> String {
    let template = dice.pick(DRAWN);
    dice.fill(template).0
}

fn prose(dice: &mut Dice) -> String {
    (0..5 + dice.below(60)).map(|_| dice.pick(WORDS)).collect::<Vec<_>>().join(" ")
}

fn image(dice: &mut Dice) -> String {
    let bytes: Vec<u8> = (0..200 + dice.below(2000)).map(|at| if at % 97 < 20 { 0 } else { dice.byte() }).collect();
    format!("data:image/png;base64,iVBORw0KGgo{}", to_base64(&bytes))
}

fn lock_file(dice: &mut Dice) -> String {
    let entry = |dice: &mut Dice| {
        let bytes: Vec<u8> = (0..64).map(|_| dice.byte()).collect();
        let name = dice.pick(WORDS);
        match dice.below(3) {
            0 => format!("\"node_modules/{name}\": {{ \"version\": \"1.2.3\", \"integrity\": \"sha512-{}\" }},\n", to_base64(&bytes)),
            1 => format!("[[package]]\nname = \"{name}\"\nversion = \"0.3.1\"\nchecksum = \"{}\"\n", dice.drawn('h', 64)),
            _ => format!("github.com/x/{name} v1.2.3 h1:{}\n", to_base64(&bytes[..32])),
        }
    };
    (0..1 + dice.below(12)).map(|_| entry(dice)).collect()
}
