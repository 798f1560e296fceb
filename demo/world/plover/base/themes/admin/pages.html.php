<p><a href="/admin/pages/new">New page</a></p>
<table>
  <tr><th>Title</th><th>Address</th></tr>
  <?php foreach ($pages as $page): ?>
    <tr>
      <td><a href="/admin/pages/<?= $e($page->id) ?>"><?= $e($page->title) ?></a></td>
      <td>/<?= $e($page->slug) ?></td>
    </tr>
  <?php endforeach ?>
</table>
