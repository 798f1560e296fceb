<?php

declare(strict_types=1);

namespace Plover\Admin;

use Plover\Content\Page;
use Plover\Content\PageRepository;
use Plover\Content\Slug;
use Plover\Http\Request;
use Plover\Http\Response;
use Plover\Theme\Renderer;

final class PageAdmin
{
    public function __construct(private readonly PageRepository $pages, private readonly Renderer $view)
    {
    }

    public function index(Request $request): Response
    {
        return Response::html($this->view->render('pages', ['title' => 'Pages', 'pages' => $this->pages->all()]));
    }

    public function edit(Request $request, string $id): Response
    {
        $page = $id === 'new' ? new Page(null, null, '', '', '') : $this->pages->byId((int) $id);
        if ($page === null) {
            return new Response(404, 'No such page');
        }

        return Response::html($this->view->render('edit', ['title' => 'Edit page', 'page' => $page]));
    }

    public function save(Request $request, string $id): Response
    {
        $title = htmlspecialchars(trim($request->form['title'] ?? ''));
        $slug = Slug::from($request->form['slug'] ?? '' ?: $title);
        $old = $id === 'new' ? null : $this->pages->byId((int) $id);
        $page = new Page($old?->id, $old?->parentId, $slug, $title, $request->form['body'] ?? '');
        $saved = $this->pages->save($page);

        return Response::redirect("/admin/pages/$saved->id");
    }
}
