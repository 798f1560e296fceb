<h1>Not found</h1>
<p>There is no page at this address. <a href="/">Go to the start page.</a></p>
