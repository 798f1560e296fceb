<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Plover\Guestbook\Guestbook;
use Plover\Http\Request;
use Plover\Theme\Renderer;

final class GuestbookTest extends TestCase
{
    public function testRefusesEmptyMessages(): void
    {
        $db = new PDO('sqlite::memory:');
        $db->exec(file_get_contents(__DIR__ . '/../db/schema.sql'));
        $guestbook = new Guestbook($db, new Renderer(__DIR__ . '/../themes', 'plain'));
        $response = $guestbook->sign(new Request('POST', '/guestbook', form: ['name' => 'Ada', 'message' => ' ']));
        self::assertSame('/guestbook?missing=1', $response->headers['Location']);
    }
}
