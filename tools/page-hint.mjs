// @ts-check
// The last line of `npm start`: where to see what it is about.
console.log(
  "\nThe lockup in two minutes, live in a browser: npm run page, then open apps/dashboard/bundle/swaplab.html"
)
