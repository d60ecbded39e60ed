using System.Globalization;
using System.Text;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Http;

/// <summary>Formats HTTP/1.1 requests.</summary>
internal static class HttpRequest
{
    /// <summary>A GET over a persistent connection, for an uncompressed body.</summary>
    /// <param name="uri">The address. Its user info is sent as credentials.</param>
    /// <param name="range">The first and last byte of the requested range; null for everything.</param>
    public static byte[] Get(Uri uri, (long First, long Last)? range)
    {
        string bytes = range is { } wanted ? string.Create(CultureInfo.InvariantCulture, $"Range: bytes={wanted.First}-{wanted.Last}\r\n") : "";
        return Head("GET", uri, uri.PathAndQuery, $"Accept-Encoding: identity\r\n{bytes}{Authorization(uri)}Connection: keep-alive\r\n");
    }

    /// <summary>The only request of a connection.</summary>
    /// <param name="uri">The address.</param>
    /// <param name="target">The path and query as sent.</param>
    /// <param name="withUser">Whether to send the user info of the address as credentials.</param>
    /// <param name="post">The body to send; null for a GET.</param>
    public static byte[] Once(Uri uri, string target, bool withUser, HttpPost? post)
    {
        string content = post is null ? "" : $"Content-Type: {post.ContentType}\r\nContent-Length: {post.Body.Length}\r\n{post.Headers}";
        byte[] head = Head(post is null ? "GET" : "POST", uri, target, $"Accept-Encoding: gzip, deflate\r\n{content}{(withUser ? Authorization(uri) : "")}Connection: close\r\n");
        return post is null ? head : [.. head, .. post.Body.Span];
    }

    private static byte[] Head(string method, Uri uri, string target, string rest)
    {
        string host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{UriHost.Of(uri)}]" : UriHost.Of(uri);
        string port = uri.IsDefaultPort ? "" : $":{uri.Port}";
        return Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: {ProgramName.UserAgent}\r\nAccept: */*\r\n{rest}\r\n");
    }

    private static string Authorization(Uri uri) => uri.UserInfo.Length == 0
        ? "" : $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo)))}\r\n";
}
