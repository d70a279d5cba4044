//! Tokens one knows by their looks, as data: a keyword and what surrounds it. The formats are those their makers document.

use crate::pattern::{Pattern, Piece};

/// What must not stand before a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Anything may: the keyword is distinctive enough.
    Anything,
    /// No letter, digit, `-` or `_`.
    NoWord,
    /// Nothing of base64 either, where the keyword comes about by chance.
    NoBlob,
}

/// One way a secret looks.
pub(crate) struct Token {
    /// What replaces the secret, as in `[REDACTED:kind]`.
    pub(crate) kind: &'static str,
    /// What is looked for first, in its own case.
    pub(crate) keyword: &'static str,
    /// What must not stand before the token.
    pub(crate) before: Before,
    /// What belongs to the token in front of the keyword.
    pub(crate) lead: Piece,
    /// What belongs to the token behind the keyword.
    pub(crate) tail: Pattern,
}

impl Token {
    /// Returns where the token around the keyword at `at` begins and ends.
    pub(crate) fn range(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        let start = self.lead.begin(bytes, at)?;
        if !self.may_begin(bytes, start) {
            return None;
        }
        self.tail.end(bytes, at + self.keyword.len()).map(|end| (start, end))
    }

    fn may_begin(&self, bytes: &[u8], start: usize) -> bool {
        let Some(&byte) = start.checked_sub(1).and_then(|at| bytes.get(at)) else { return true };
        let of_a_word = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        match self.before {
            Before::Anything => true,
            Before::NoWord => !of_a_word,
            Before::NoBlob => !of_a_word && byte != b'+' && byte != b'/',
        }
    }
}

const fn token(kind: &'static str, before: Before, lead: &str, keyword: &'static str, tail: &str) -> Token {
    Token { kind, keyword, before, lead: Piece::new(lead), tail: Pattern::new(tail) }
}

/// A token wherever its keyword is. Its tail is one piece without an upper bound, so that a failure is cheap.
const fn any(kind: &'static str, keyword: &'static str, tail: &str) -> Token {
    token(kind, Before::Anything, "", keyword, tail)
}

/// A token at the beginning of a word.
const fn word(kind: &'static str, keyword: &'static str, tail: &str) -> Token {
    token(kind, Before::NoWord, "", keyword, tail)
}

/// A token whose keyword base64 produces by chance.
const fn rare(kind: &'static str, keyword: &'static str, tail: &str) -> Token {
    token(kind, Before::NoBlob, "", keyword, tail)
}

/// A token whose keyword stands in its middle.
const fn amid(kind: &'static str, lead: &str, keyword: &'static str, tail: &str) -> Token {
    token(kind, Before::NoWord, lead, keyword, tail)
}

/// How many tokens there are.
pub(crate) const COUNT: usize = 155;

/// All tokens. Of several that match at one place the longest counts.
pub(crate) static TOKENS: [Token; COUNT] = [
    // Models and their makers.
    any("anthropic-key", "sk-ant-", r"[\w_-]{20,}"),
    any("openai-key", "sk-proj-", r"[\w_-]{20,}"),
    any("openai-key", "sk-svcacct-", r"[\w_-]{20,}"),
    any("openai-key", "sk-admin-", r"[\w_-]{20,}"),
    word("openai-key", "sk-", r"\w{32,}"),
    any("openrouter-key", "sk-or-v1-", r"\h{40,}"),
    any("huggingface-token", "hf_", r"\w{30,}"),
    any("huggingface-token", "api_org_", r"\w{30,}"),
    word("replicate-token", "r8_", r"\w{37,}"),
    any("groq-key", "gsk_", r"\w{40,}"),
    any("perplexity-key", "pplx-", r"\w{40,}"),
    word("xai-key", "xai-", r"\w{60,}"),
    any("nvidia-key", "nvapi-", r"[\w_-]{60,}"),
    any("langsmith-key", "lsv2_pt_", r"[\w_]{40,}"),
    any("langsmith-key", "lsv2_sk_", r"[\w_]{40,}"),
    any("tavily-key", "tvly-", r"[\w-]{30,}"),
    any("pinecone-key", "pcsk_", r"[\w_]{50,}"),
    word("e2b-key", "e2b_", r"\h{40,}"),
    word("firecrawl-key", "fc-", r"\h{32}\b"),
    // Code hosts and registries.
    any("github-token", "ghp_", r"\w{36,}"),
    any("github-token", "gho_", r"\w{36,}"),
    any("github-token", "ghu_", r"\w{36,}"),
    any("github-token", "ghs_", r"\w{36,}"),
    any("github-token", "ghr_", r"\w{36,}"),
    any("github-token", "github_pat_", r"[\w_]{60,}"),
    any("gitlab-token", "glpat-", r"[\w_-]{20,}"),
    word("gitlab-token", "glpat-", r"[\w_-]{20,}\.\w{2}\.?\w{7,}"),
    any("gitlab-token", "gldt-", r"[\w_-]{20,}"),
    any("gitlab-token", "glrt-", r"[\w_-]{20,}"),
    any("gitlab-token", "glptt-", r"[\w_-]{20,}"),
    any("gitlab-token", "glcbt-", r"[\w_-]{20,}"),
    any("gitlab-token", "glft-", r"[\w_-]{20,}"),
    any("gitlab-token", "glimt-", r"[\w_-]{20,}"),
    any("gitlab-token", "glsoat-", r"[\w_-]{20,}"),
    any("gitlab-token", "glagent-", r"[\w_-]{40,}"),
    any("gitlab-token", "GR1348941", r"[\w_-]{20,}"),
    rare("bitbucket-token", "ATBB", r"\w{32,}"),
    any("atlassian-token", "ATATT3", r"[\w_=-]{60,}"),
    any("atlassian-token", "ATCTT3", r"[\w_=-]{60,}"),
    any("npm-token", "npm_", r"\w{36,}"),
    any("pypi-token", "pypi-AgE", r"[\w_-]{50,}"),
    any("rubygems-token", "rubygems_", r"\h{48,}"),
    rare("crates-token", "cio", r"\w{32}\b"),
    any("docker-token", "dckr_pat_", r"[\w_-]{20,}"),
    any("docker-token", "dckr_oat_", r"[\w_-]{20,}"),
    word("nuget-key", "oy2", r"[a-z0-9]{43}\b"),
    any("clojars-token", "CLOJARS_", r"\w{60,}"),
    word("artifactory-key", "AKCp", r"\w{60,}"),
    word("artifactory-key", "cmVmdGtu", r"\w{56,}"),
    any("sourcegraph-token", "sgp_", r"[\w_]{40,}"),
    any("buildkite-token", "bkua_", r"\h{40,}"),
    any("circleci-token", "CCIPAT_", r"[\w_]{40,}"),
    // Clouds.
    word("aws-access-key", "AKIA", r"[A-Z0-9]{16}\b"),
    word("aws-access-key", "ASIA", r"[A-Z0-9]{16}\b"),
    word("aws-access-key", "ABIA", r"[A-Z0-9]{16}\b"),
    rare("aws-bedrock-key", "ABSK", r"[\w+/]{100,}={0,2}"),
    any("google-key", "AIza", r"[\w_-]{35,}"),
    any("google-oauth-secret", "GOCSPX-", r"[\w_-]{28,}"),
    word("google-oauth-token", "ya29.", r"[\w_-]{20,}"),
    word("google-oauth-token", "1//0", r"[\w_-]{40,}"),
    word("azure-storage-key", "AccountKey=", r"[\w+/]{86}=="),
    word("azure-shared-key", "SharedAccessKey=", r"[\w+/]{43}="),
    amid("azure-client-secret", r"[\w_.~]{3}", "7Q~", r"[\w_.~-]{31,34}"),
    amid("azure-client-secret", r"[\w_.~]{3}", "8Q~", r"[\w_.~-]{31,34}"),
    word("azure-sas", "sig=", r"[\w+/%]{43,}={0,2}"),
    any("digitalocean-token", "dop_v1_", r"\h{64,}"),
    any("digitalocean-token", "doo_v1_", r"\h{64,}"),
    any("digitalocean-token", "dor_v1_", r"\h{64,}"),
    any("heroku-key", "HRKU-", r"[\w_-]{36,}"),
    word("alibaba-key", "LTAI", r"\w{20}\b"),
    word("tencent-key", "AKID", r"\w{32}\b"),
    word("cloudflare-key", "v1.0-", r"\h{24}-\h{146}"),
    any("databricks-token", "dapi", r"\h{32,}"),
    any("fly-token", "fm2_", r"[\w+/=_,-]{50,}"),
    any("fly-token", "fo1_", r"[\w_-]{40,}"),
    any("vercel-token", "vercel_blob_rw_", r"[\w_]{30,}"),
    any("netlify-token", "nfp_", r"\w{36,}"),
    any("planetscale-token", "pscale_tkn_", r"[\w_=.-]{32,}"),
    any("planetscale-token", "pscale_pw_", r"[\w_=.-]{32,}"),
    any("planetscale-token", "pscale_oauth_", r"[\w_=.-]{32,}"),
    any("supabase-key", "sbp_", r"\h{40,}"),
    any("supabase-key", "sb_secret_", r"[\w_-]{20,}"),
    any("neon-key", "napi_", r"\w{40,}"),
    any("render-key", "rnd_", r"\w{28,}"),
    any("pulumi-token", "pul-", r"\h{40,}"),
    amid("terraform-token", r"\w{14}", ".atlasv1.", r"[\w_=-]{60,}"),
    any("vault-token", "hvs.", r"[\w_-]{24,}"),
    any("vault-token", "hvb.", r"[\w_-]{24,}"),
    any("vault-token", "hvr.", r"[\w_-]{24,}"),
    any("doppler-token", "dp.pt.", r"[\w.]{40,}"),
    any("doppler-token", "dp.st.", r"[\w._-]{40,}"),
    any("prefect-key", "pnu_", r"\w{36,}"),
    any("tailscale-key", "tskey-", r"[\w-]{25,}"),
    any("1password-token", "ops_eyJ", r"[\w+/=_-]{100,}"),
    // Talking and mailing.
    any("slack-token", "xoxb-", r"[\w-]{20,}"),
    any("slack-token", "xoxp-", r"[\w-]{20,}"),
    any("slack-token", "xoxa-", r"[\w-]{20,}"),
    any("slack-token", "xoxr-", r"[\w-]{20,}"),
    any("slack-token", "xoxs-", r"[\w-]{20,}"),
    any("slack-token", "xoxc-", r"[\w-]{20,}"),
    any("slack-token", "xoxe-", r"[\w-]{20,}"),
    any("slack-token", "xoxe.xox", r"[\w-]{20,}"),
    any("slack-token", "xoxd-", r"[\w%+/=-]{20,}"),
    any("slack-token", "xapp-", r"[\w-]{20,}"),
    any("slack-webhook", "hooks.slack.com/", r"[\w/_-]{30,}"),
    token("telegram-token", Before::Anything, r"\d{8,10}", ":AA", r"[\w_-]{33}\b"),
    rare("discord-token", "MTA", r"\w{20,25}\.[\w_-]{6}\.[\w_-]{27,}"),
    rare("discord-token", "MTE", r"\w{20,25}\.[\w_-]{6}\.[\w_-]{27,}"),
    rare("discord-token", "MTI", r"\w{20,25}\.[\w_-]{6}\.[\w_-]{27,}"),
    rare("discord-token", "MTM", r"\w{20,25}\.[\w_-]{6}\.[\w_-]{27,}"),
    rare("discord-token", "MTQ", r"\w{20,25}\.[\w_-]{6}\.[\w_-]{27,}"),
    word("discord-webhook", "discord.com/api/webhooks/", r"\d{15,20}/[\w_-]{60,}"),
    word("discord-webhook", "discordapp.com/api/webhooks/", r"\d{15,20}/[\w_-]{60,}"),
    word("sendgrid-key", "SG.", r"[\w_-]{22}\.[\w_-]{43}"),
    word("mailgun-key", "key-", r"\h{32}\b"),
    amid("mailchimp-key", r"\h{32}", "-us", r"\d{1,2}\b"),
    any("brevo-key", "xkeysib-", r"[\w-]{64,}"),
    word("resend-key", "re_", r"\w{8}_\w{24}\b"),
    rare("facebook-token", "EAA", r"\w{80,}"),
    rare("twitter-bearer", "AAAAAAAAAAAAAAAAAAAAA", r"[\w%]{60,}"),
    // Money.
    any("stripe-key", "sk_live_", r"\w{20,}"),
    any("stripe-key", "rk_live_", r"\w{20,}"),
    any("stripe-key", "sk_test_", r"\w{20,}"),
    any("stripe-key", "rk_test_", r"\w{20,}"),
    any("stripe-key", "whsec_", r"[\w+/=]{32,}"),
    any("shopify-token", "shpat_", r"[\da-fA-F]{32,}"),
    any("shopify-token", "shpca_", r"[\da-fA-F]{32,}"),
    any("shopify-token", "shppa_", r"[\da-fA-F]{32,}"),
    any("shopify-token", "shpss_", r"[\da-fA-F]{32,}"),
    any("square-token", "sq0atp-", r"[\w_-]{22,}"),
    any("square-token", "sq0csp-", r"[\w_-]{43,}"),
    rare("square-token", "EAAA", r"[\w_-]{60}\b"),
    word("braintree-token", "access_token$production$", r"\w{16}\$\h{32}"),
    word("braintree-token", "access_token$sandbox$", r"\w{16}\$\h{32}"),
    // Tools.
    any("linear-key", "lin_api_", r"\w{40,}"),
    any("linear-key", "lin_oauth_", r"\h{64,}"),
    any("notion-token", "ntn_", r"\w{40,}"),
    word("notion-token", "secret_", r"\w{43}\b"),
    any("figma-token", "figd_", r"[\w_-]{40,}"),
    rare("airtable-token", "pat", r"\w{14}\.\h{64}"),
    word("hubspot-token", "pat-na1-", r"[\h-]{36}\b"),
    word("hubspot-token", "pat-eu1-", r"[\h-]{36}\b"),
    any("newrelic-key", "NRAK-", r"[A-Z0-9]{27,}"),
    any("newrelic-key", "NRII-", r"[\w_-]{32,}"),
    any("sentry-token", "sntrys_", r"[\w+/=_-]{50,}"),
    any("sentry-token", "sntryu_", r"\h{64,}"),
    word("grafana-token", "glsa_", r"\w{32}_[\da-fA-F]{8}"),
    any("grafana-token", "glc_", r"[\w+/=]{32,}"),
    word("postman-key", "PMAK-", r"\h{24}-\h{34}"),
    any("posthog-key", "phx_", r"\w{40,}"),
    word("contentful-token", "CFPAT-", r"[\w_-]{43}\b"),
    any("typeform-token", "tfp_", r"[\w_.-]{40,}"),
    any("readme-key", "rdme_", r"[a-z0-9]{60,}"),
    // Keys and tokens of standards.
    rare("jwt", "eyJ", r"[\w_-]{8,}\.[\w_-]{8,}\.?[\w_-]{0,}"),
    any("age-key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{58,}"),
];
