<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Plover\Content\Page;
use Plover\Content\PageRepository;

final class PageRepositoryTest extends TestCase
{
    private PDO $db;
    private PageRepository $pages;

    protected function setUp(): void
    {
        $this->db = new PDO('sqlite::memory:');
        $this->db->exec(file_get_contents(__DIR__ . '/../db/schema.sql'));
        $this->pages = new PageRepository($this->db);
    }

    public function testSavesAndFindsPages(): void
    {
        $saved = $this->pages->save(new Page(null, null, 'about', 'About us', '<p>We are few.</p>'));
        self::assertSame('About us', $this->pages->bySlug('about')?->title);
        self::assertSame($saved->id, $this->pages->byId($saved->id)?->id);
        self::assertNull($this->pages->bySlug('contact'));
    }

    public function testTheMenuIsATree(): void
    {
        $birds = $this->pages->save(new Page(null, null, 'birds', 'Birds', ''));
        $this->pages->save(new Page(null, $birds->id, 'waders', 'Waders', ''));
        $this->pages->save(new Page(null, null, 'about', 'About', ''));
        $menu = $this->pages->menu();
        self::assertSame(['About', 'Birds'], array_map(fn (array $item) => $item['page']->title, $menu));
        self::assertSame('Waders', $menu[1]['children'][0]['page']->title);
    }
}
