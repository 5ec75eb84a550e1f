/** Cache Components require it for a page that reads data at each request. */
export default function Loading() {
  return <p>Loading …</p>;
}
