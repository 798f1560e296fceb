<h1>Guestbook</h1>
<form method="post" action="/guestbook">
  <label>Name <input name="name" required></label>
  <label>Message <textarea name="message" required></textarea></label>
  <button>Sign</button>
</form>
<?php foreach ($entries as $entry): ?>
  <blockquote>
    <p><?= $e($entry['message']) ?></p>
    <footer><?= $e($entry['name']) ?></footer>
  </blockquote>
<?php endforeach ?>
