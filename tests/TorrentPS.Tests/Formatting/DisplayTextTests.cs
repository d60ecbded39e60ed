using System.Globalization;
using System.Xml.Linq;
using TorrentPS.Formatting;

namespace TorrentPS.Tests.Formatting;

/// <summary>The type data and the views refer to methods and properties by text: these tests find missing ones. The Pester suite tests their output.</summary>
public sealed class DisplayTextTests
{
    private static readonly XDocument s_types = XDocument.Load(Repository.File("src", "TorrentPS", "TorrentPS.Types.ps1xml"));
    private static readonly XDocument s_formats = XDocument.Load(Repository.File("src", "TorrentPS", "TorrentPS.Format.ps1xml"));

    public DisplayTextTests() => CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

    [Fact]
    public void Every_method_in_the_type_data_exists()
    {
        foreach (Type type in (Type[])[typeof(DisplayText), typeof(PropertyText)])
        {
            string[] named = [.. s_types.Descendants("GetCodeReference").Where(reference => reference.Element("TypeName")!.Value == type.FullName)
                .Select(reference => reference.Element("MethodName")!.Value).Distinct()];
            Assert.NotEmpty(named);
            Assert.Equal(type.GetMethods().Where(method => method.IsStatic).Select(method => method.Name).Order(), named.Order());
        }
    }

    [Fact]
    public void Every_property_in_a_view_exists_on_the_type()
    {
        foreach (XElement view in s_formats.Descendants("View"))
        {
            foreach (string typeName in view.Descendants("TypeName").Select(element => element.Value))
            {
                Type type = TypeNamed(typeName);
                HashSet<string> known = [.. type.GetProperties().Select(property => property.Name), .. CodeProperties(typeName)];
                if (typeof(System.Management.Automation.Job).IsAssignableFrom(type))
                    known.UnionWith(["State"]);
                Assert.All(view.Descendants("PropertyName"), property => Assert.Contains(property.Value, known));
            }
        }
    }

    /// <summary>Text may contain control sequences for terminals, so it is shown by a code property, which makes it safe. The Pester suite tests that they do.</summary>
    [Fact]
    public void Views_show_text_only_by_code_properties()
    {
        foreach (XElement view in s_formats.Descendants("View"))
        {
            Assert.All(view.Descendants("ScriptBlock"), script => Assert.Equal("ItemSelectionCondition", script.Parent!.Name.LocalName));
            foreach (string typeName in view.Descendants("TypeName").Select(element => element.Value))
            {
                string[] codeProperties = [.. CodeProperties(typeName)];
                string[] shown = [.. view.Descendants("PropertyName").Where(name => name.Parent!.Name != "ItemSelectionCondition").Select(name => name.Value)];
                Assert.All(shown.Except(codeProperties), name => Assert.True(IsNoText(TypeNamed(typeName).GetProperty(name)?.PropertyType), $"{typeName}.{name}"));
            }
        }
    }

    [Fact]
    public void Every_type_with_a_view_has_one_of_each_shape()
    {
        string[] shapes = ["ListControl", "TableControl", "WideControl"];
        foreach (IGrouping<string, XElement> type in s_formats.Descendants("View").Where(view => view.Element("OutOfBand") is null).SelectMany(view => view.Descendants("TypeName")).GroupBy(type => type.Value))
            Assert.All(shapes, shape => Assert.True(type.Any(name => name.Parent!.Parent!.Element(shape) is not null), $"{type.Key} has no {shape}."));
    }

    [Fact]
    public void Deserialized_objects_have_the_same_texts()
    {
        string[] types = [.. s_types.Root!.Elements("Type").Select(type => type.Element("Name")!.Value)];

        Assert.All(types.Where(name => !name.StartsWith("Deserialized.", StringComparison.Ordinal)), name =>
            Assert.Equal(Hidden(name), Hidden("Deserialized." + name)));
    }

    [Fact]
    public void Every_output_type_has_matching_views()
    {
        foreach (Type type in Repository.OutputTypes)
        {
            XElement[] views = [.. s_formats.Descendants("View").Where(view => view.Descendants("TypeName").Any(name => name.Value == type.FullName))];
            Assert.Contains(views, view => view.Element("ListControl") is not null);
            foreach (XElement view in views.Where(view => view.Element("TableControl") is not null))
            {
                int[] widths = [.. view.Descendants("TableColumnHeader").Select(column => (int?)column.Element("Width") ?? 20)];
                Assert.True(widths.Sum() + widths.Length - 1 <= 120, $"The table '{view.Element("Name")!.Value}' of {type} has {widths.Sum() + widths.Length - 1} columns.");
            }
        }
    }

    private static Type TypeNamed(string name) =>
        typeof(DisplayText).Assembly.GetType(name) ?? typeof(TorrentInfo).Assembly.GetType(name) ?? throw new TypeLoadException($"A view is of '{name}', which does not exist.");

    // The state of a job is null here: the reference assembly has no property for it.
    private static bool IsNoText(Type? type) => type is null || (Nullable.GetUnderlyingType(type) ?? type) is { IsValueType: true };

    private static IEnumerable<string> CodeProperties(string type) => Members(type).Select(property => property.Element("Name")!.Value);

    private static string[] Hidden(string type) => [.. Members(type).Where(property => (string?)property.Attribute("IsHidden") == "true").Select(property => property.Element("Name")!.Value)];

    private static IEnumerable<XElement> Members(string type) =>
        s_types.Root!.Elements("Type").Where(element => element.Element("Name")!.Value == type).Elements("Members").Elements("CodeProperty");
}
