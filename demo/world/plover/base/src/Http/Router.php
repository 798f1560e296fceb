<?php

declare(strict_types=1);

namespace Plover\Http;

use Closure;

/** Calls the first handler whose method and pattern match. A `{name}` in a pattern stands for one path segment. */
final class Router
{
    /** @var list<array{string, string, Closure}> */
    private array $routes = [];

    public function add(string $method, string $pattern, Closure $handler): void
    {
        $regex = preg_replace('/\\\\\{(\w+)\\\\\}/', '(?<$1>[^/]+)', preg_quote($pattern, '#'));
        $this->routes[] = [$method, "#^$regex$#", $handler];
    }

    public function dispatch(Request $request): Response
    {
        $allowed = [];
        foreach ($this->routes as [$method, $regex, $handler]) {
            if (!preg_match($regex, $request->path, $match)) {
                continue;
            }
            if ($method === $request->method) {
                return $handler($request, ...array_filter($match, 'is_string', ARRAY_FILTER_USE_KEY));
            }
            $allowed[] = $method;
        }
        if ($allowed !== []) {
            return new Response(405, 'Method not allowed', ['Allow' => implode(', ', $allowed)]);
        }

        return new Response(404, 'Not found');
    }
}
