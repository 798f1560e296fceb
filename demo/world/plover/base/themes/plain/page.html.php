<article>
  <h1><?= $e($page->title) ?></h1>
  <?= $page->body ?>
</article>
