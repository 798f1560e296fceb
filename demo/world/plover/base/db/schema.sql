CREATE TABLE pages (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES pages (id),
    slug VARCHAR(190) NOT NULL UNIQUE,
    title VARCHAR(190) NOT NULL,
    body TEXT NOT NULL,
    position INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE guestbook (
    id INTEGER PRIMARY KEY,
    name VARCHAR(190) NOT NULL,
    message TEXT NOT NULL
);
