"""What only looks like a secret or a person stays, for a patch full of placeholders cannot be read."""

import pytest

from pipeline.masking.mask import KINDS, mask
from tests.pipeline.masking.diffs import patch_of
from tests.pipeline.masking.planted import HEX, UUID, letters

HARMLESS = [
    f"commit {HEX[:40]}",
    f'checksum = "{HEX[:64]}"',
    f'"integrity": "sha512-{letters(86)}=="',
    f"github.com/x/y v1.2.3 h1:{letters(43)}=",
    "id: 123e4567-e89b-42d3-a456-426614174000",
    f'src="data:image/png;base64,iVBORw0KGgo{letters(120)}"',
    f"uses: actions/checkout@{HEX[:40]}",
    f"commit_token={HEX[:40]}",
    f"digest-auth: {HEX[:64]}",
    f'token_hash = "{HEX[:40]}"',
    f"token_sha: {HEX[:40]}",
    f"token_id: {UUID}",
    f"secret_fingerprint={HEX[:40]}",
    "token: 00000000-0000-0000-0000-000000000000",
    "token: 12341234-1234-1234-1234-123412341234",
    f"auth {HEX[:40]} github.com/x/auth",
    "ENV PASSWORD_FILE /run/secrets/pw1",
    "ENV DB_PASSWORD $DB_PASSWORD_2",
    "mysql -u root -port 3306",
    "mysql -u root -p3306",
    "docker run --user www-data:www-data x",
    "  --user 1000:1000",
    "getent passwd user1000",
    "cat /etc/passwd /etc/group2",
    "password required",
    'password = "password"',
    'password = "changeme"',
    'password: "xxxxxxxx"',
    'password = "********"',
    'password = "your-password-here"',
    'password = "test"',
    "password = os.environ['DB_PASSWORD_1']",
    "password: ${DB_PASSWORD_1}",
    "password: {{ vault_password_2 }}",
    "password: $PASSWORD_2",
    'token = get_token("v2")',
    "password = user1.password",
    "let token: Uint8Array = x;",
    "token: string;",
    "secret: Uint8Array",
    "'password' => 'required|confirmed|min:8',",
    'password: "Enter your password, 8 characters"',
    "fields = ['user_password', 'user_timeout']",
    "access_token_url = 'https://somewhere.io/oauth2/token'",
    "private_key = '/etc/ssl/private/key1.pem'",
    "token = parse_v2_header",
    'algorithm = "aes-256-gcm"',
    "postgres://postgres:postgres@localhost:5432/x",
    "redis://:password@localhost:6379",
    "https://user:pass@host/x",
    "https://$USER:$PASS@host/x",
    'secret = "kubernetes-tls-secret"',
    "'password' => getenv('COUCHBASE_PASS')",
    "tokens = 128000",
    'password_length = "8"',
    "Authorization: Bearer <token>",
    "mail me@example.com or me@box.test",
    "git@github.com:owner/name.git",
    "user@host",
    "noreply@github.com",
    "icon@2x.png",
    "npm i lodash@4.17.21",
    "version 1.2.3.4 and v4.3.2.1",
    "Chrome/120.0.0.0 Safari",
    "de.mannodermaus:android-junit5:1.13.2.0",
    "Update pycurl from 7.43.0.5 to 7.45.1.2",
    "gem 'rails', '~> 5.2.4.3'",
    "jruby-9.1.15.0",
    "CI against JRuby 9.1.15.0",
    "truffleruby 9.1.15.0",
    "gem puma-5.1.2.3",
    "- rvm: jruby-9.1.15.0 # as 9.1.15.0",
    "npm i lodash@4.17.21.1",
    "yarn add @scope/name@1.2.3.4",
    "rails (5.2.4.3)",
    "10.0.0.1 127.0.0.1 192.168.1.1 192.0.2.7",
    "::1 fe80::1 2001:db8::1",
    "std::vector<a::b>",
    "at 10:20:30",
    "+1234 - 5678",
    "2020-01-01T00:00:00+01:00",
    "import x from '@vue/core'",
    "@property",
    "@media (min-width: 1px)",
    "@media print",
    "<a @click:go @input='x'>",
    "foo(@alice)",
    "puts (@alice)",
    "- form_for(@user)",
    "- if (@user)",
    "@param name the name",
    "https://github.com/alice/repository",
    "https://github.com/vuejs",
    "instance @name = @other",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_a_harmless_line_of_a_patch_stays(line: str) -> None:
    patch = patch_of([line], [f"{line} "], [f"  {line}"])
    assert mask("", "", patch, KINDS).patch == patch


def test_more_than_forty_harmless_lines_are_tried() -> None:
    assert len(HARMLESS) > 40


@pytest.mark.parametrize(
    "body",
    [
        "Use `@jane` here",
        "```python\n@jane\n```",
        "~~~\n@jane\n~~~",
        "needs @vue/core",
        "the @Override annotation",
        "a@b",
        "Signed-off-by: dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
        "@dependabot rebase",
        "Merge pull request #3 from dependabot/npm",
        "lodash@latest",
        "@click: go",
        "@click:go",
        "the @input of @update:modelValue",
        "/@types and node_modules/@types",
        "foo_@bar and @foo_bar",
        "https://github.com/alice/repository",
        "https://github.com/features and https://github.com/orgs/x, https://github.com/sponsors/bob",
        "https://github.com/marketplace?type=actions",
        "https://github.com/alice.git",
        "https://alice.github.com/bob and notgithub.com/bob",
    ],
)
def test_what_is_no_mention_stays_in_a_body(body: str) -> None:
    assert mask("", body, "", ["handle"]).body == body


def test_a_certificate_is_public() -> None:
    line = letters(64)
    block = ["-----BEGIN CERTIFICATE-----", *[line] * 5, "-----END CERTIFICATE-----"]
    patch = patch_of(block, block)
    assert mask("", "", patch, KINDS).patch == patch
