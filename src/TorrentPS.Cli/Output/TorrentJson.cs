using System.Buffers;
using System.Text;
using System.Text.Json;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Cli.Output;

/// <summary>
/// A <see cref="TorrentInfo"/> as JSON. By hand, since the source generator would follow its constructor's parameter into the engine's
/// own types, spans included.
/// </summary>
internal static class TorrentJson
{
    public static string Line(TorrentInfo torrent) => Line(json => Write(json, torrent));

    /// <summary>What a magnet link says, by the names that a torrent has for it.</summary>
    public static string Line(MagnetLink link) => Line(json => Write(json, link));

    private static string Line(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, MagnetLink link)
    {
        json.WriteStartObject();
        json.WriteString(nameof(TorrentInfo.Name), link.DisplayName);
        json.WriteString(nameof(TorrentInfo.InfoHash), link.InfoHash.ToString());
        json.WriteString(nameof(TorrentInfo.InfoHashV1), link.InfoHash.HasV1 ? Convert.ToHexStringLower(link.InfoHash.V1) : null);
        json.WriteString(nameof(TorrentInfo.InfoHashV2), link.InfoHash.HasV2 ? Convert.ToHexStringLower(link.InfoHash.V2) : null);
        if (link.Length is { } length)
            json.WriteNumber(nameof(TorrentInfo.Length), length);
        else
            json.WriteNull(nameof(TorrentInfo.Length));
        json.WriteStartArray(nameof(TorrentInfo.Trackers));
        foreach (Uri tracker in link.Trackers)
        {
            json.WriteStartArray();
            json.WriteStringValue(tracker.OriginalString);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        WriteList(json, nameof(TorrentInfo.WebSeeds), link.WebSeeds.Select(uri => uri.OriginalString));
        json.WriteString(nameof(TorrentInfo.MagnetUri), link.ToString());
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TorrentInfo torrent)
    {
        json.WriteStartObject();
        json.WriteString(nameof(torrent.Name), torrent.Name);
        json.WriteString(nameof(torrent.InfoHash), torrent.InfoHash);
        json.WriteString(nameof(torrent.InfoHashV1), torrent.InfoHashV1);
        json.WriteString(nameof(torrent.InfoHashV2), torrent.InfoHashV2);
        json.WriteString(nameof(torrent.Version), torrent.Version.ToString());
        json.WriteNumber(nameof(torrent.Length), torrent.Length);
        json.WriteNumber(nameof(torrent.PieceLength), torrent.PieceLength);
        json.WriteNumber(nameof(torrent.PieceCount), torrent.PieceCount);
        json.WriteStartArray(nameof(torrent.Files));
        foreach (TorrentFile file in torrent.Files)
            Write(json, file);
        json.WriteEndArray();
        json.WriteNumber(nameof(torrent.FileCount), torrent.FileCount);
        json.WriteStartArray(nameof(torrent.Trackers));
        foreach (Uri[] tier in torrent.Trackers)
        {
            json.WriteStartArray();
            foreach (Uri tracker in tier)
                json.WriteStringValue(tracker.OriginalString);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        WriteList(json, nameof(torrent.WebSeeds), torrent.WebSeeds.Select(uri => uri.OriginalString));
        WriteList(json, nameof(torrent.Nodes), torrent.Nodes);
        json.WriteBoolean(nameof(torrent.IsPrivate), torrent.IsPrivate);
        json.WriteString(nameof(torrent.Comment), torrent.Comment);
        json.WriteString(nameof(torrent.CreatedBy), torrent.CreatedBy);
        if (torrent.CreationDate is { } date)
            json.WriteString(nameof(torrent.CreationDate), date);
        else
            json.WriteNull(nameof(torrent.CreationDate));
        json.WriteString(nameof(torrent.Source), torrent.Source);
        json.WriteString(nameof(torrent.MagnetUri), torrent.MagnetUri);
        json.WriteString(nameof(torrent.Path), torrent.Path);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TorrentFile file)
    {
        json.WriteStartObject();
        json.WriteString(nameof(file.Path), file.Path);
        json.WriteNumber(nameof(file.Length), file.Length);
        json.WriteNumber(nameof(file.Index), file.Index);
        json.WriteNumber(nameof(file.Offset), file.Offset);
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
