<?php

declare(strict_types=1);

use Plover\Admin\MediaAdmin;
use Plover\Admin\PageAdmin;
use Plover\Content\PageRepository;
use Plover\Guestbook\Guestbook;
use Plover\Http\Router;
use Plover\Media\Library;
use Plover\Site;
use Plover\Theme\Renderer;

return static function (
    Router $router,
    PDO $db,
    PageRepository $pages,
    Library $media,
    Renderer $theme,
    Renderer $admin,
): void {
    $pageAdmin = new PageAdmin($pages, $admin);
    $router->add('GET', '/admin/pages', $pageAdmin->index(...));
    $router->add('GET', '/admin/pages/{id}', $pageAdmin->edit(...));
    $router->add('POST', '/admin/pages/{id}', $pageAdmin->save(...));

    $mediaAdmin = new MediaAdmin($media, $admin);
    $router->add('GET', '/admin/media', $mediaAdmin->index(...));
    $router->add('POST', '/admin/media', $mediaAdmin->upload(...));

    // Deprecated since 2.1.
    $guestbook = new Guestbook($db, $theme);
    $router->add('GET', '/guestbook', $guestbook->show(...));
    $router->add('POST', '/guestbook', $guestbook->sign(...));

    $site = new Site($pages, $media, $theme);
    $router->add('GET', '/media/{name}', $site->media(...));
    $router->add('GET', '/{slug}', $site->page(...));
    $router->add('GET', '/', $site->home(...));
};
