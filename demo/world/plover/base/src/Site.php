<?php

declare(strict_types=1);

namespace Plover;

use Plover\Content\PageRepository;
use Plover\Http\Request;
use Plover\Http\Response;
use Plover\Media\Library;
use Plover\Theme\Renderer;

/** What visitors see. */
final class Site
{
    public function __construct(
        private readonly PageRepository $pages,
        private readonly Library $media,
        private readonly Renderer $theme,
    ) {
    }

    public function home(Request $request): Response
    {
        return $this->page($request, 'home');
    }

    public function page(Request $request, string $slug): Response
    {
        $page = $this->pages->bySlug($slug);
        if ($page === null) {
            return Response::html($this->theme->render('not-found', ['title' => 'Not found']), 404);
        }

        return Response::html($this->theme->render('page', ['title' => $page->title, 'page' => $page]));
    }

    public function media(Request $request, string $name): Response
    {
        $path = $this->media->path($name);
        if ($path === null) {
            return new Response(404, 'Not found');
        }

        return new Response(200, file_get_contents($path), ['Content-Type' => mime_content_type($path)]);
    }
}
