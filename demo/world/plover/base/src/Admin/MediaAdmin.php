<?php

declare(strict_types=1);

namespace Plover\Admin;

use Plover\Http\Request;
use Plover\Http\Response;
use Plover\Media\Library;
use Plover\Theme\Renderer;

final class MediaAdmin
{
    public function __construct(private readonly Library $media, private readonly Renderer $view)
    {
    }

    public function index(Request $request): Response
    {
        return Response::html($this->view->render('media', ['title' => 'Media', 'names' => $this->media->names()]));
    }

    public function upload(Request $request): Response
    {
        $file = $request->files['file'] ?? null;
        if ($file === null || $file['error'] !== UPLOAD_ERR_OK) {
            return new Response(400, 'The file did not arrive');
        }
        $this->media->add($file['tmp_name'], $file['name']);

        return Response::redirect('/admin/media');
    }
}
