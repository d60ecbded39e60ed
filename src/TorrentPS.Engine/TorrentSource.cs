using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine;

/// <summary>A SOURCE as it is typed: the path of a .torrent, its http or https address, or a magnet link.</summary>
public static class TorrentSource
{
    /// <summary>Whether it is meant as a magnet link.</summary>
    /// <param name="source">The SOURCE.</param>
    public static bool IsMagnet(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is meant as an address of the web.</summary>
    /// <param name="source">The SOURCE.</param>
    public static bool IsWebAddress(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads what a SOURCE names. Of a magnet link that is what the link itself says.</summary>
    /// <param name="client">What reads an address of the web.</param>
    /// <param name="source">The SOURCE.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="TorrentException">There is nothing, or it is not a torrent.</exception>
    public static async Task<TorrentInfo> ReadAsync(TorrentClient client, string source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!IsWebAddress(source))
            return Read(source);
        if (!Uri.TryCreate(source, UriKind.Absolute, out Uri? uri))
            throw new TorrentException(TorrentErrorId.TorrentNotFound, "The address is not valid; check its spelling");
        return await client.GetTorrentAsync(uri, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads what a SOURCE names, with a client only where one is needed.</summary>
    /// <param name="source">The SOURCE.</param>
    /// <param name="options">The client's options; null means the defaults.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="TorrentException">There is nothing, or it is not a torrent.</exception>
    public static async Task<TorrentInfo> ReadAsync(string source, TorrentClientOptions? options, CancellationToken cancellationToken)
    {
        if (!IsWebAddress(source))
            return Read(source);
        await using var client = new TorrentClient(options);
        return await ReadAsync(client, source, cancellationToken).ConfigureAwait(false);
    }

    private static TorrentInfo Read(string source)
    {
        if (IsMagnet(source))
            return new TorrentInfo(MagnetLink.Parse(source));
        return new TorrentInfo(ReadFile(source), Path.GetFullPath(source));
    }

    private static Torrent ReadFile(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? throw new TorrentException(TorrentErrorId.TorrentNotFound, "This is a folder; give the path of a .torrent")
                : TorrentFileReader.Read(path);
        }
        catch (Exception e) when (TorrentFileReader.IsMissing(e))
        {
            throw new TorrentException(TorrentErrorId.TorrentNotFound, "The file does not exist", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TorrentException(TorrentErrorId.AccessDenied, "The file may not be read", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw new TorrentException(TorrentErrorId.TorrentNotFound, $"The file cannot be read ({e.Message})", e);
        }
    }
}
