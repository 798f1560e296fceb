<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;
use Plover\Http\Request;
use Plover\Http\Response;
use Plover\Http\Router;

final class RouterTest extends TestCase
{
    private Router $router;

    protected function setUp(): void
    {
        $this->router = new Router();
        $this->router->add('GET', '/about', fn (Request $request) => Response::html('about'));
        $this->router->add('GET', '/{slug}', fn (Request $request, string $slug) => Response::html("page $slug"));
        $this->router->add('POST', '/{slug}', fn (Request $request, string $slug) => Response::redirect('/'));
    }

    public function testTheFirstMatchingRouteWins(): void
    {
        self::assertSame('about', $this->router->dispatch(new Request('GET', '/about'))->body);
        self::assertSame('page contact', $this->router->dispatch(new Request('GET', '/contact'))->body);
    }

    public function testUnknownPathsAndMethods(): void
    {
        self::assertSame(404, $this->router->dispatch(new Request('GET', '/a/b'))->status);
        $response = $this->router->dispatch(new Request('DELETE', '/contact'));
        self::assertSame(405, $response->status);
        self::assertSame('GET, POST', $response->headers['Allow']);
    }
}
