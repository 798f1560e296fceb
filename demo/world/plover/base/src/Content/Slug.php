<?php

declare(strict_types=1);

namespace Plover\Content;

/** The part of an address that stands for a page. */
final class Slug
{
    public static function from(string $text): string
    {
        return strtolower(str_replace(' ', '-', trim($text)));
    }
}
