<?php

declare(strict_types=1);

use Plover\Content\PageRepository;
use Plover\Http\Request;
use Plover\Http\Router;
use Plover\Media\Library;
use Plover\Theme\Renderer;

$root = dirname(__DIR__);
require "$root/vendor/autoload.php";

$db = new PDO(getenv('PLOVER_DB') ?: "sqlite:$root/var/plover.sqlite");
$pages = new PageRepository($db);
$globals = ['siteName' => getenv('PLOVER_SITE_NAME') ?: 'Plover', 'menu' => $pages->menu()];
$theme = new Renderer("$root/themes", getenv('PLOVER_THEME') ?: 'plain', $globals);
$admin = new Renderer("$root/themes", 'admin', $globals);

$router = new Router();
(require "$root/config/routes.php")($router, $db, $pages, new Library("$root/var/media"), $theme, $admin);
$router->dispatch(Request::fromGlobals())->send();
