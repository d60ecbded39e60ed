using System.Buffers;
using System.Text;
using System.Text.Json;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Cli.Output;

/// <summary>
/// A <see cref="TorrentInfo"/> as JSON. Written by hand, because the source generator would follow its constructor's parameter into the engine's own types, including
/// spans.
/// </summary>
internal static class TorrentJson
{
    public static string Line(TorrentInfo torrent) => Line(json => Write(json, torrent));

    private static string Line(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, TorrentInfo torrent)
    {
        json.WriteStartObject();
        json.WriteString(nameof(torrent.Name), torrent.Name);
        json.WriteString(nameof(torrent.InfoHash), torrent.InfoHash);
        json.WriteString(nameof(torrent.InfoHashV1), torrent.InfoHashV1);
        json.WriteString(nameof(torrent.InfoHashV2), torrent.InfoHashV2);
        json.WriteString(nameof(torrent.Version), torrent.Version.ToString());
        json.WriteBoolean(nameof(torrent.HasMetadata), torrent.HasMetadata);
        WriteNumber(json, nameof(torrent.Length), torrent.Length);
        WriteNumber(json, nameof(torrent.PieceLength), torrent.PieceLength);
        WriteNumber(json, nameof(torrent.PieceCount), torrent.PieceCount);
        json.WriteStartArray(nameof(torrent.Files));
        foreach (TorrentFile file in torrent.Files)
            Write(json, file);
        json.WriteEndArray();
        WriteNumber(json, nameof(torrent.FileCount), torrent.FileCount);
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

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
