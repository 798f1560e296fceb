<?php

declare(strict_types=1);

use Plover\Content\HtmlImporter;
use Plover\Content\PageRepository;

require __DIR__ . '/../vendor/autoload.php';

if ($argc !== 2 || !is_dir($argv[1])) {
    fwrite(STDERR, "usage: php bin/import.php FOLDER\n");
    exit(2);
}

$db = new PDO(getenv('PLOVER_DB') ?: 'sqlite:var/plover.sqlite');
foreach ((new HtmlImporter(new PageRepository($db)))->import($argv[1]) as $page) {
    echo "/$page->slug  $page->title\n";
}
