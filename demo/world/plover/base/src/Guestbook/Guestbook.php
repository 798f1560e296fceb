<?php

declare(strict_types=1);

namespace Plover\Guestbook;

use PDO;
use Plover\Http\Request;
use Plover\Http\Response;
use Plover\Theme\Renderer;

/** @deprecated since 2.1 */
final class Guestbook
{
    public function __construct(private readonly PDO $db, private readonly Renderer $theme)
    {
    }

    public function show(Request $request): Response
    {
        trigger_error('The guestbook is deprecated and will be removed', E_USER_DEPRECATED);
        $entries = $this->db->query('SELECT name, message FROM guestbook ORDER BY id DESC LIMIT 100')->fetchAll();

        return Response::html($this->theme->render('guestbook', ['title' => 'Guestbook', 'entries' => $entries]));
    }

    public function sign(Request $request): Response
    {
        $name = trim($request->form['name'] ?? '');
        $message = trim($request->form['message'] ?? '');
        if ($name === '' || $message === '') {
            return Response::redirect('/guestbook?missing=1');
        }
        $this->db->prepare('INSERT INTO guestbook (name, message) VALUES (?, ?)')->execute([$name, $message]);

        return Response::redirect('/guestbook');
    }
}
