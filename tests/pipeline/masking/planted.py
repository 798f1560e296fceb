"""Values that must not be seen after masking, put together at run time so that no scanner takes this file for a leak."""

import base64
import hashlib
import string

# Deterministic letters that look random.
_STREAM = "".join(
    base64.b64encode(hashlib.sha512(str(number).encode()).digest()).decode().rstrip("=") for number in range(40)
)
_ALNUM = "".join(sign for sign in _STREAM if sign.isalnum())
HEX = "".join(hashlib.sha512(str(number).encode()).hexdigest() for number in range(9))


def letters(length: int, start: int = 0) -> str:
    """So many letters and digits of both cases."""
    return _ALNUM[start : start + length]


def json_web_token() -> str:
    parts = [
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"HS256"}', b'{"sub":"1234567890"}')
    ]
    return ".".join([*parts, letters(43)])


# Tokens with a form of their own: `name -> token`.
TOKENS = {
    "GitHub": "ghp_" + letters(36),
    "GitHub server": "ghs_" + letters(36, 5),
    "GitHub fine-grained": "github_pat_" + letters(22) + "_" + letters(59, 7),
    "GitLab": "glpat-" + letters(20),
    "npm": "npm_" + letters(36, 11),
    "PyPI": "pypi-" + "AgEIcHlwaS5vcmc" + letters(90),
    "crates.io": "cio" + letters(32, 3),
    "RubyGems": "rubygems_" + HEX[:48],
    "Hugging Face": "hf_" + letters(34, 2),
    "OpenAI": "sk-" + letters(48, 9),
    "OpenAI project": "sk-proj-" + letters(60, 4) + "-" + letters(40),
    "Anthropic": "sk-ant-" + "api03-" + letters(90, 6),
    "Google": "AIza" + letters(35, 8),
    "Slack bot": "xoxb-" + "123456789012-" + letters(24, 1),
    "Stripe live": "sk_live_" + letters(24, 13),
    "Stripe test": "sk_test_" + letters(24, 17),
    "SendGrid": "SG." + letters(22) + "." + letters(43, 30),
    "Mailgun": "key-" + HEX[8:40],
    "Twilio": "AC" + HEX[2:34],
    "AWS id": "AKIA" + "QWERTYUIOPAS7DF2",
    "JSON Web Token": json_web_token(),
    "DigitalOcean": "dop_v1_" + HEX[:64],
    "Docker Hub": "dckr_pat_" + letters(27),
    "Vault": "hvs." + letters(90),
    "Shopify": "shpat_" + HEX[:32],
    "Databricks": "dapi" + HEX[:32],
    "Discord": "M" + letters(23) + "." + letters(6, 60) + "." + letters(27, 80),
    "Telegram": "123456789:" + "AA" + letters(33),
    "Mailchimp": HEX[:32] + "-us12",
    "Square": "sq0csp-" + letters(43),
    "age": "AGE-SECRET-KEY-1" + (string.ascii_uppercase + string.digits + string.ascii_uppercase)[:58],
}

# Secrets that only their surroundings tell: `(line, the value in it)`.
_STORAGE_KEY = _STREAM[:86] + "=="
_AWS_SECRET = "wJal" + letters(20) + "/" + letters(15, 50)
IN_LINES = [
    ('password = "hunter2"', "hunter2"),
    ("password = 'hunter2'", "hunter2"),
    ("const password = `hunt3r-two`;", "hunt3r-two"),
    ('DB_PASSWORD="Tr0ub4dor&3"', "Tr0ub4dor&3"),
    ("export DB_PASSWORD=Tr0ub4dor-3", "Tr0ub4dor-3"),
    ("  password: s3cr3tSauce", "s3cr3tSauce"),
    ('{"password": "pl4nted,Value"}', "pl4nted,Value"),
    ('"{\\"password\\": \\"pl4ntedValue\\"}"', "pl4ntedValue"),
    (":password => 'swordfish',", "swordfish"),
    ('password: "correct-horse-battery-staple"', "correct-horse-battery-staple"),
    ("define('DB_PASSWORD', 'gr8Wall0f');", "gr8Wall0f"),
    ('user.setPassword("l0ngW4lk");', "l0ngW4lk"),
    ('std::string password("l0ngW4lk");', "l0ngW4lk"),
    ('if (password == "l0ngW4lk") {', "l0ngW4lk"),
    ('if ("l0ngW4lk" == password) {', "l0ngW4lk"),
    ('let token: String = "q8Zk2LmX91"', "q8Zk2LmX91"),
    ('password := "l0ngW4lk"', "l0ngW4lk"),
    ('API_KEY = b"9fK2mQ7xLp"', "9fK2mQ7xLp"),
    ("api-key: 9fK2mQ7xLp", "9fK2mQ7xLp"),
    ('apiKey: "9fK2mQ7xLp",', "9fK2mQ7xLp"),
    (f'secret_key_base: "{HEX[:64]}"', HEX[:64]),
    (f"APP_KEY=base64:{_STREAM[:43]}=", _STREAM[:43]),
    (f'aws_secret_access_key = "{_AWS_SECRET}"', _AWS_SECRET),
    (f"AWS_SECRET_ACCESS_KEY={_AWS_SECRET}", _AWS_SECRET),
    (f"DefaultEndpointsProtocol=https;AccountKey={_STORAGE_KEY};", _STORAGE_KEY),
    ("Server=db;User Id=sa;Password=Str0ngOne!;", "Str0ngOne!"),
    ("https://deploy:s3s4me0pen@git.somewhere.io/x.git", "s3s4me0pen"),
    ("postgres://app:s3s4me0pen@db.somewhere.io:5432/app", "s3s4me0pen"),
    ("redis://:s3s4me0pen@cache:6379/0", "s3s4me0pen"),
    (f"Authorization: Bearer {letters(32)}", letters(32)),
    ("Authorization: Basic " + "YWxpY2U6czNzNG1lMHBlbg==", "YWxpY2U6czNzNG1lMHBlbg=="),
    ("curl -u alice:s3s4me0pen https://api.somewhere.io", "s3s4me0pen"),
    ("mysql --password=s3s4me0pen app", "s3s4me0pen"),
    ('run("--token", "q8Zk2LmX91")', "q8Zk2LmX91"),
    ('password = """hunter2"""', "hunter2"),
    ("The password is hunter2.", "hunter2"),
    ("requirepass s3s4me0pen", "s3s4me0pen"),
    ("CREATE USER app IDENTIFIED BY 's3s4me0pen';", "s3s4me0pen"),
    ("<password>s3s4me0pen</password>", "s3s4me0pen"),
    (f'<input name="csrf_token" value="{letters(30)}">', letters(30)),
    (f"//packages.example.org/:_authToken={letters(36, 20)}", letters(36, 20)),
    (f"https://hooks.slack.com/services/T0{HEX[:8].upper()}/B0{HEX[8:16].upper()}/{letters(24)}", letters(24)),
    (f"https://x.blob.core.windows.net/c?sv=1&sig={letters(43)}%3D", letters(43)),
    ("https://api.somewhere.io/v1?access_token=q8Zk2LmX91&page=2", "q8Zk2LmX91"),
]

# The name decides: a hash's form is that of many keys.
UUID = "-".join((HEX[100:108], HEX[108:112], HEX[112:116], HEX[116:120], HEX[120:132]))
IN_LINES += [
    (f"GITHUB_TOKEN={HEX[64:104]}", HEX[64:104]),
    (f"auth_token={HEX[64:104]}", HEX[64:104]),
    (f"secret_key_base: {HEX[64:128]}", HEX[64:128]),
    (f"password={HEX[64:104]}", HEX[64:104]),
    (f"password_hash: {HEX[64:128]}", HEX[64:128]),
    (f"DATADOG_API_KEY: {HEX[64:96]}", HEX[64:96]),
    (f"HEROKU_API_KEY={UUID}", UUID),
    (f"api_key: {UUID}", UUID),
    (f"CLIENT_SECRET = {UUID.upper()}", UUID.upper()),
    (f"mytool --token={HEX[64:104]}", HEX[64:104]),
    ("ENV MYSQL_ROOT_PASSWORD s3cr3tPw99", "s3cr3tPw99"),
    (f"ENV API_TOKEN {HEX[64:104]}", HEX[64:104]),
    ("ARG MYSQL_ROOT_PASSWORD=s3cr3tPw99", "s3cr3tPw99"),
    ("machine h login ada password hunter2x9", "hunter2x9"),
    ("  password hunter2x9", "hunter2x9"),
    ("login ada passwd hunter2x9", "hunter2x9"),
    ("passwd hunter2x9", "hunter2x9"),
    ('pw = "hunter2x9"', "hunter2x9"),
    ("mysql -u root -phunter2x9", "hunter2x9"),
    ("mysqldump -u root -p'hunter2x9' app", "hunter2x9"),
    ("docker login -u ada -p hunter2x9", "hunter2x9"),
    ("redis-cli -h cache -a hunter2x9 ping", "hunter2x9"),
    ("sshpass -p hunter2x9 ssh ada@host", "hunter2x9"),
    ("sshpass -p'hunter2x9' ssh ada@host", "hunter2x9"),
    ("  -u alice:s3s4me0pen \\", "s3s4me0pen"),
    ("http -a alice:s3s4me0pen https://api.somewhere.io", "s3s4me0pen"),
]

PERSONAL = [
    ("email", "Mail jane.doe@somewhere.io today", "jane.doe@somewhere.io"),
    ("email", "author = <jane+dev@mail.somewhere.co.uk>", "jane+dev@mail.somewhere.co.uk"),
    ("email", "12345+jane@users.noreply.github.com", "12345+jane@users.noreply.github.com"),
    ("email", "mailto:jörg@somewhere.de", "jörg@somewhere.de"),
    ("email", "Write to jovan@firma.rs", "jovan@firma.rs"),
    ("email", "see https://x.io?email=jane@harbour.io", "jane@harbour.io"),
    ("ip", "connects to 93.184.216.34:443", "93.184.216.34"),
    ("ip", 'host = "93.184.216.34"', "93.184.216.34"),
    ("ip", "http://93.184.216.34/x", "93.184.216.34"),
    ("ip", "from 2606:4700:4700::1111 on", "2606:4700:4700::1111"),
    ("ip", "[2a00:1450:4001:81b::200e]:80", "2a00:1450:4001:81b::200e"),
    ("ip", "ssh root@93.184.216.34", "93.184.216.34"),
    ("ip", "rsync x deploy@93.184.216.34:/srv", "93.184.216.34"),
    ("ip", "deploy@93.84.16.34", "93.84.16.34"),
    ("ip", "npm run copy deploy@93.184.216.34", "93.184.216.34"),
    ("ip", "npm run copy deploy@93.84.16.34:/srv", "93.84.16.34"),
    ("ip", "PING somewhere.io (93.184.216.34)", "93.184.216.34"),
    ("ip", "update the host to 93.184.216.34", "93.184.216.34"),
    ("phone", "call +1 650-253-0000 now", "+1 650-253-0000"),
    ("phone", 'tel = "+4930901820"', "+4930901820"),
]
