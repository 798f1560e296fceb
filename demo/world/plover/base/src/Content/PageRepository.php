<?php

declare(strict_types=1);

namespace Plover\Content;

use PDO;

final class PageRepository
{
    public function __construct(private readonly PDO $db)
    {
        $db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        $db->setAttribute(PDO::ATTR_DEFAULT_FETCH_MODE, PDO::FETCH_ASSOC);
    }

    public function byId(int $id): ?Page
    {
        return $this->select('id = ?', [$id])[0] ?? null;
    }

    public function bySlug(string $slug): ?Page
    {
        return $this->select('slug = ?', [$slug])[0] ?? null;
    }

    /** @return list<Page> */
    public function all(): array
    {
        return $this->select('1 = 1', []);
    }

    /**
     * The page tree, as deep as it goes.
     *
     * @return list<array{page: Page, children: list<mixed>}>
     */
    public function menu(?int $parentId = null): array
    {
        $pages = $parentId === null
            ? $this->select('parent_id IS NULL', [])
            : $this->select('parent_id = ?', [$parentId]);

        return array_map(fn (Page $page) => ['page' => $page, 'children' => $this->menu($page->id)], $pages);
    }

    public function save(Page $page): Page
    {
        $values = [$page->parentId, $page->slug, $page->title, $page->body];
        if ($page->id === null) {
            $this->db->prepare('INSERT INTO pages (parent_id, slug, title, body) VALUES (?, ?, ?, ?)')->execute($values);

            return $this->byId((int) $this->db->lastInsertId());
        }
        $this->db->prepare('UPDATE pages SET parent_id = ?, slug = ?, title = ?, body = ? WHERE id = ?')
            ->execute([...$values, $page->id]);

        return $page;
    }

    /**
     * @param list<mixed> $values
     * @return list<Page>
     */
    private function select(string $where, array $values): array
    {
        $query = $this->db->prepare("SELECT * FROM pages WHERE $where ORDER BY position, title");
        $query->execute($values);

        return array_map(Page::fromRow(...), $query->fetchAll());
    }
}
