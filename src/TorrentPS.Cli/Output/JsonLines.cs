using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TorrentPS.Engine.Display;

namespace TorrentPS.Cli.Output;

/// <summary>
/// <c>--json</c>: one object per line. Property names are those of the objects; enumerations are written by name, durations in seconds. Everything but ASCII is escaped,
/// so that the output does not depend on encodings and terminals.
/// </summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true, Converters = [typeof(SecondsConverter), typeof(ShownAddressConverter)])]
[JsonSerializable(typeof(TorrentPeer))]
[JsonSerializable(typeof(PeerHandshake))]
[JsonSerializable(typeof(TorrentDownload))]
[JsonSerializable(typeof(TorrentDataReport))]
[JsonSerializable(typeof(TorrentSwarmPeer))]
internal sealed partial class JsonLines : JsonSerializerContext
{
    public static string Line<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);
}

/// <summary>An address as it is shown: the consumer of a torrent's peers already knows its trackers' addresses.</summary>
internal sealed class ShownAddressConverter : JsonConverter<Uri>
{
    public override Uri? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text ? new Uri(text, UriKind.RelativeOrAbsolute) : null;

    public override void Write(Utf8JsonWriter writer, Uri value, JsonSerializerOptions options) =>
        writer.WriteStringValue(AddressText.Of(value));
}

/// <summary>A duration as a number of seconds.</summary>
internal sealed class SecondsConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TimeSpan.FromSeconds(reader.GetDouble());

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.TotalSeconds);
}
