<?php

declare(strict_types=1);

namespace Plover\Content;

final class Page
{
    public function __construct(
        public readonly ?int $id,
        public readonly ?int $parentId,
        public readonly string $slug,
        public readonly string $title,
        public readonly string $body,
    ) {
    }

    /** @param array<string, mixed> $row */
    public static function fromRow(array $row): self
    {
        $parent = $row['parent_id'] === null ? null : (int) $row['parent_id'];

        return new self((int) $row['id'], $parent, $row['slug'], $row['title'], $row['body']);
    }
}
